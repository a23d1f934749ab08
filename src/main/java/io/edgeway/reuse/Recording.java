package io.edgeway.reuse;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Map;

/**
 * An answer that ended well, kept in its whole form and told again in either.
 *
 * @param json the body of the whole reply
 * @param backend what answered, or null
 * @param createdMillis when it ended, since the epoch
 */
public record Recording(byte[] json, String backend, long createdMillis) {
    /** What the record and its key weigh in a store besides the body. */
    public static final int OVERHEAD = 256;

    private static final int HIGH_WATER = 64 << 10;

    public int weight() {
        return json.length + OVERHEAD;
    }

    public long ageSeconds(long nowMillis) {
        return Math.max(0, (nowMillis - createdMillis) / 1000);
    }

    public Reply whole() {
        return Reply.json(json);
    }

    /** The answer as server-sent events of a chat completion. */
    public Reply events(boolean includeUsage) {
        PushStream stream = new PushStream(HIGH_WATER);
        stream.write(Buffer.buffer(ChunkWriter.events(json, includeUsage)));
        stream.end();
        return Reply.events(stream);
    }

    /**
     * Whether the body is a chat completion that ended as its request wanted: not cut short, filtered or failed.
     *
     * @param lengthAsked the request bounded its reply itself, so that reaching the bound is no accident
     */
    public static boolean endedWell(byte[] json, boolean lengthAsked) {
        try {
            return Json.read(json) instanceof Map<?, ?> body
                    && !body.containsKey("error")
                    && body.get("choices") instanceof List<?> choices
                    && !choices.isEmpty()
                    && choices.stream()
                            .allMatch(choice -> choice instanceof Map<?, ?> map
                                    && map.get("message") instanceof Map<?, ?>
                                    && endedWell(map.get("finish_reason"), lengthAsked));
        } catch (JsonException e) {
            return false;
        }
    }

    static boolean endedWell(Object finishReason, boolean lengthAsked) {
        return finishReason instanceof String reason
                && switch (reason) {
                    case "stop", "tool_calls", "function_call" -> true;
                    case "length" -> lengthAsked;
                    default -> false;
                };
    }
}
