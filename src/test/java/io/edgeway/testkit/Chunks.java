package io.edgeway.testkit;

import io.edgeway.json.Json;
import io.edgeway.sse.SseParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads a chat stream as a client does. */
public final class Chunks {
    private Chunks() {}

    /** The data of each event. */
    public static List<String> data(String stream) {
        List<String> events = new ArrayList<>();
        SseParser parser = new SseParser(1 << 24, (type, data, id) -> events.add(data));
        parser.feed(stream.getBytes(StandardCharsets.UTF_8));
        return events;
    }

    public static List<Map<?, ?>> of(String stream) {
        List<Map<?, ?>> chunks = new ArrayList<>();
        for (String data : data(stream)) {
            if (!data.equals("[DONE]")) {
                chunks.add((Map<?, ?>) Json.read(data.getBytes(StandardCharsets.UTF_8)));
            }
        }
        return chunks;
    }

    public static String text(String stream) {
        StringBuilder text = new StringBuilder();
        for (Map<?, ?> chunk : of(stream)) {
            for (Object choice : (List<?>) chunk.get("choices")) {
                Map<?, ?> delta = (Map<?, ?>) ((Map<?, ?>) choice).get("delta");
                if (delta.get("content") instanceof String piece) {
                    text.append(piece);
                }
            }
        }
        return text.toString();
    }

    public static boolean done(String stream) {
        List<String> data = data(stream);
        return !data.isEmpty() && data.getLast().equals("[DONE]");
    }

    /** A whole chat completion. */
    public static String whole(String text) {
        return "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":7,\"model\":\"m\",\"choices\":[{\"index\":0,"
                + "\"message\":{\"role\":\"assistant\",\"content\":\"" + text + "\"},\"logprobs\":null,"
                + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7}}";
    }

    public static String delta(String text) {
        return event("{\"delta\":{\"content\":\"" + text + "\"},\"index\":0,\"finish_reason\":null}");
    }

    public static String finish(String reason) {
        return event("{\"delta\":{},\"index\":0,\"finish_reason\":\"" + reason + "\"}");
    }

    public static String event(String choice) {
        return "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":["
                + choice + "]}\n\n";
    }

    public static final String DONE = "data: [DONE]\n\n";
}
