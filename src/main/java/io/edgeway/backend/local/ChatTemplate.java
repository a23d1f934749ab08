package io.edgeway.backend.local;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.jinja.Template;
import io.edgeway.jinja.TemplateException;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A model's chat template: turns a conversation into the text that the model was trained on. */
final class ChatTemplate {
    private final Template template;
    private final Map<String, Object> specialTokens;
    private final ToolFormat calls;
    private final boolean showsTools;

    /** @param showsTools whether the template has a place for tools, whatever the form of calls */
    private ChatTemplate(Template template, Map<String, Object> specialTokens, ToolFormat calls, boolean showsTools) {
        this.calls = calls;
        this.showsTools = showsTools;
        this.template = template;
        this.specialTokens = specialTokens;
    }

    /** The directory's template, or null where it has none: such a model only goes on from text. */
    static ChatTemplate of(ModelDirectory directory) {
        String source = directory.chatTemplate();
        if (source == null) {
            return null;
        }
        Map<String, Object> tokens = new LinkedHashMap<>();
        for (String name : List.of("bos_token", "eos_token", "unk_token", "pad_token")) {
            String text = directory.specialToken(name);
            if (text != null) {
                tokens.put(name, text);
            }
        }
        try {
            return new ChatTemplate(Template.parse(source), tokens, ToolFormat.of(source), source.contains("tool"));
        } catch (TemplateException e) {
            throw new ModelException("the chat template of " + directory.path() + ": " + e.getMessage(), e);
        }
    }

    /** How the model was taught to write calls, or null where that is not known. */
    ToolFormat calls() {
        return calls;
    }

    /** The prompt of a request, up to where the model's answer begins. */
    String render(ChatRequest request) {
        Map<String, Object> context = new LinkedHashMap<>(specialTokens);
        if (request.value("chat_template_kwargs") instanceof Map<?, ?> more) {
            more.forEach((name, value) -> context.put(String.valueOf(name), value));
        }
        List<Map<String, Object>> messages = messages(request);
        context.put("messages", showsTools ? messages : UntaughtTools.in(messages, request));
        context.put("tools", "none".equals(request.value("tool_choice")) ? null : request.value("tools"));
        context.put("documents", null);
        context.put("add_generation_prompt", true);
        try {
            return template.render(context);
        } catch (TemplateException e) {
            throw ApiException.badRequest(
                    "messages",
                    "chat_template_error",
                    "The model's chat template refuses this conversation: " + ApiException.abbreviate(e.getMessage()));
        }
    }

    /** Messages as templates expect them: content as one text, and no role that only newer clients know. */
    private static List<Map<String, Object>> messages(ChatRequest request) {
        List<Map<String, Object>> out = new ArrayList<>();
        for (Map<String, Object> message : request.messages()) {
            Map<String, Object> copy = new LinkedHashMap<>(message);
            if ("developer".equals(message.get("role"))) {
                copy.put("role", "system");
            }
            if (message.get("content") instanceof List<?> parts) {
                refuseOtherThanText(parts, out.size());
                copy.put("content", ChatRequest.textOf(message));
            }
            if (message.get("tool_calls") instanceof List<?> calls) {
                copy.put("tool_calls", calls.stream().map(ChatTemplate::call).toList());
            }
            out.add(copy);
        }
        return out;
    }

    /** Templates write arguments as JSON themselves; the API has them as a text of JSON. */
    private static Object call(Object item) {
        if (!(item instanceof Map<?, ?> call)
                || !(call.get("function") instanceof Map<?, ?> function)
                || !(function.get("arguments") instanceof String text)) {
            return item;
        }
        try {
            Map<Object, Object> parsed = new LinkedHashMap<>(function);
            parsed.put("arguments", Json.readObject(text.getBytes(StandardCharsets.UTF_8)));
            Map<Object, Object> copy = new LinkedHashMap<>(call);
            copy.put("function", parsed);
            return copy;
        } catch (JsonException e) {
            return item;
        }
    }

    private static void refuseOtherThanText(List<?> parts, int message) {
        for (int i = 0; i < parts.size(); i++) {
            if (!(parts.get(i) instanceof Map<?, ?> part) || !(part.get("text") instanceof String)) {
                throw ApiException.badRequest(
                        "messages[" + message + "].content[" + i + "]",
                        "unsupported_content",
                        "This local model reads text only; send images and sound to a model that takes them.");
            }
        }
    }
}
