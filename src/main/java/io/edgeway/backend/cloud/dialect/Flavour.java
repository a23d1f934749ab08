package io.edgeway.backend.cloud.dialect;

import io.edgeway.json.Json;
import io.edgeway.json.JsonIndex;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a server compatible with OpenAI refuses or overlooks of OpenAI's requests: members that it knows by another name
 * or not at all. What it does not understand and OpenAI does not know either is the client's affair, and passes.
 *
 * @see <a href="https://docs.mistral.ai/api/">Mistral</a>, which answers 422 to members that it does not know
 * @see <a href="https://ai.google.dev/gemini-api/docs/openai">Gemini</a>, which answers 400 to them
 * @see <a href="https://docs.ollama.com/api/openai-compatibility">Ollama</a>, which overlooks them
 */
final class Flavour {
    static final Flavour OPENAI = new Flavour(Map.of(), Set.of(), false);

    /** What an account with OpenAI has and no other server does. */
    private static final List<String> OF_OPENAI = List.of(
            "user",
            "store",
            "metadata",
            "service_tier",
            "prompt_cache_key",
            "prompt_cache_retention",
            "safety_identifier",
            "verbosity",
            "modalities",
            "audio",
            "web_search_options");

    private static final Map<String, String> OLD_BOUND = Map.of("max_completion_tokens", "max_tokens");

    private static final Set<String> NAMES = Set.of("openai", "vllm", "mistral", "gemini", "ollama", "llama.cpp");

    private static final Pattern SHORT_ID = Pattern.compile("[A-Za-z0-9]{9}");

    private static final String STREAM_OPTIONS = "stream_options";

    private final Map<String, String> renamed;
    private final Set<String> leftOut;
    private final boolean strictMessages;

    private Flavour(Map<String, String> renamed, Set<String> leftOut, boolean strictMessages) {
        this.renamed = renamed;
        this.leftOut = leftOut;
        this.strictMessages = strictMessages;
    }

    /**
     * @param more members to leave out beside those of the flavour
     * @throws IllegalArgumentException if there is no such flavour, or a member is one that no request can do without
     */
    static Flavour of(String name, List<String> more) {
        if (!NAMES.contains(name)) {
            throw new IllegalArgumentException(
                    "flavour: expected one of " + NAMES.stream().sorted().toList());
        }
        for (String member : more) {
            if (Set.of("model", "messages", "stream", "input", "prompt").contains(member)) {
                throw new IllegalArgumentException("leave-out: no request can do without '" + member + "'");
            }
        }
        Flavour flavour =
                switch (name) {
                    case "mistral" ->
                        new Flavour(
                                Map.of("max_completion_tokens", "max_tokens", "seed", "random_seed"),
                                set(
                                        OF_OPENAI,
                                        STREAM_OPTIONS,
                                        "logit_bias",
                                        "logprobs",
                                        "top_logprobs",
                                        "functions",
                                        "function_call"),
                                true);
                    case "gemini" ->
                        new Flavour(
                                Map.of(),
                                set(
                                        OF_OPENAI,
                                        "seed",
                                        "logit_bias",
                                        "logprobs",
                                        "top_logprobs",
                                        "frequency_penalty",
                                        "parallel_tool_calls"),
                                false);
                    case "ollama" ->
                        new Flavour(OLD_BOUND, set(List.of(), "n", "user", "logit_bias", "tool_choice"), false);
                    case "llama.cpp" -> new Flavour(OLD_BOUND, Set.of(), false);
                    default -> OPENAI;
                };
        return more.isEmpty()
                ? flavour
                : new Flavour(
                        flavour.renamed, set(more, flavour.leftOut.toArray(String[]::new)), flavour.strictMessages);
    }

    /** This flavour where the server is said to know that name: it stays. */
    Flavour knowing(String name) {
        if (!renamed.containsKey(name)) {
            return this;
        }
        Map<String, String> others = new LinkedHashMap<>(renamed);
        others.remove(name);
        return new Flavour(others, leftOut, strictMessages);
    }

    private static Set<String> set(List<String> some, String... more) {
        Set<String> all = new LinkedHashSet<>(some);
        all.addAll(List.of(more));
        return all;
    }

    boolean changesNothing() {
        return renamed.isEmpty() && leftOut.isEmpty() && !strictMessages;
    }

    /** Whether the usage of a stream can be asked for. */
    boolean takesStreamOptions() {
        return !leftOut.contains(STREAM_OPTIONS);
    }

    /** What of a request is lost. */
    List<String> lost(JsonIndex request) {
        List<String> lost = new ArrayList<>();
        for (String member : leftOut) {
            // Without stream_options a stream states its usage all the same, or has none to state.
            if (!member.equals(STREAM_OPTIONS) && request.value(member) != null) {
                lost.add(member);
            }
        }
        return lost;
    }

    /** The request as the server takes it; values that stay are the same bytes. */
    byte[] shape(JsonIndex request) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(request.bytes().length + 16);
        Set<String> written = new LinkedHashSet<>();
        for (String member : request.names()) {
            String name = renamed.getOrDefault(member, member);
            boolean told = !name.equals(member) && request.has(name);
            if (leftOut.contains(member) || told || !written.add(name)) {
                continue;
            }
            out.write(written.size() == 1 ? '{' : ',');
            out.writeBytes(Json.write(name));
            out.write(':');
            JsonIndex.Span value = request.span(member);
            if (strictMessages && member.equals("messages") && request.value(member) instanceof List<?> messages) {
                out.writeBytes(Json.write(messages.stream().map(Flavour::strict).toList()));
            } else {
                out.write(request.bytes(), value.start(), value.end() - value.start());
            }
        }
        out.writeBytes("}".getBytes(StandardCharsets.US_ASCII));
        return out.toByteArray();
    }

    /** A message with the members that its role may have; what an earlier answer held beside its text is left out. */
    private static Object strict(Object message) {
        if (!(message instanceof Map<?, ?> members)) {
            return message;
        }
        Map<String, Object> kept = new LinkedHashMap<>();
        Object role = members.get("role");
        members.forEach((name, value) -> {
            boolean keep =
                    switch (String.valueOf(name)) {
                        case "role", "content" -> true;
                        case "tool_calls", "prefix" -> "assistant".equals(role) && value != null;
                        case "tool_call_id", "name" -> "tool".equals(role);
                        default -> false;
                    };
            if (keep) {
                kept.put(
                        String.valueOf(name),
                        switch (String.valueOf(name)) {
                            case "role" -> "developer".equals(value) ? "system" : value;
                            case "tool_call_id" -> shortId(value);
                            case "tool_calls" -> value instanceof List<?> calls ? withShortIds(calls) : value;
                            default -> value;
                        });
            }
        });
        return kept;
    }

    private static List<Object> withShortIds(List<?> calls) {
        List<Object> out = new ArrayList<>(calls.size());
        for (Object call : calls) {
            if (call instanceof Map<?, ?> members) {
                Map<String, Object> copy = new LinkedHashMap<>();
                members.forEach(
                        (name, value) -> copy.put(String.valueOf(name), "id".equals(name) ? shortId(value) : value));
                copy.remove("index");
                out.add(copy);
            } else {
                out.add(call);
            }
        }
        return out;
    }

    /** Mistral takes only calls that are named by nine letters and digits; another's name becomes such a one, always the same. */
    private static Object shortId(Object id) {
        if (!(id instanceof String text) || SHORT_ID.matcher(text).matches()) {
            return id;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        long hash = 0xcbf29ce484222325L;
        for (byte each : bytes) {
            hash = (hash ^ (each & 0xff)) * 0x100000001b3L;
        }
        String digits = "00000000" + Long.toString(hash >>> 1, Character.MAX_RADIX);
        return digits.substring(digits.length() - 9);
    }
}
