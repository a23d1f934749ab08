package io.edgeway.backend.local;

import io.edgeway.tokens.Tokenizer;
import java.util.regex.Pattern;

/**
 * How a model writes tool calls, as its chat template tells: an object of {@code name} and {@code arguments} or
 * {@code parameters}, or a list of them, after a mark.
 *
 * @param begin the mark before a call; empty where a reply that is such an object is the call
 * @param end the mark after it; null where the JSON ends it
 * @param list whether the calls stand in one list
 * @param arguments the member that has the arguments
 */
record ToolFormat(String begin, String end, boolean list, String arguments) {
    /** Hermes, Qwen, SmolLM3. */
    static final ToolFormat HERMES = new ToolFormat("<tool_call>", "</tool_call>", false, "arguments");

    static final ToolFormat MISTRAL = new ToolFormat("[TOOL_CALLS]", null, true, "arguments");
    static final ToolFormat GRANITE = new ToolFormat("<|tool_call|>", null, true, "arguments");

    /** Llama 3.1 to 3.3. */
    static final ToolFormat LLAMA = new ToolFormat("", null, false, "parameters");

    /** Of a model that was taught none: it writes a call only where it is held to one. */
    static final ToolFormat UNTAUGHT = new ToolFormat("", null, false, "arguments");

    /** What Llama may write before a call: a token of its own. */
    static final String LLAMA_TAG = "<|python_tag|>";

    /** What shows that a model writes no JSON after the mark: arguments as XML (Qwen3-Coder, GLM), or a name before them. */
    private static final Pattern OTHERWISE = Pattern.compile("<function=|<arg_key>|\\[ARGS\\]");

    private static final Pattern LLAMA_CALL = Pattern.compile("\\{\"name\": [^}]{0,80}\"parameters\": ");

    /** The format of calls in the replies of a model with this chat template, or null where none is known. */
    static ToolFormat of(String template) {
        for (ToolFormat each : new ToolFormat[] {GRANITE, MISTRAL, HERMES}) {
            if (template.contains(each.begin)) {
                return OTHERWISE.matcher(template).find() ? null : each;
            }
        }
        return LLAMA_CALL.matcher(template).find() ? LLAMA : null;
    }

    /** What may stand before a call, if anything may. */
    String mark() {
        return bare() ? LLAMA_TAG : begin;
    }

    /** Whether the mark is a special token, which is else no part of a reply's text. */
    boolean special(Tokenizer tokenizer) {
        int id = tokenizer.id(mark());
        return id >= 0 && tokenizer.isSpecial(id);
    }

    boolean bare() {
        return begin.isEmpty();
    }

    /** Whether another call may follow in the same reply once a call, or the list of them, has ended. */
    boolean repeats() {
        return end != null;
    }
}
