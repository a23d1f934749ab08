package io.edgeway.backend.cloud.dialect;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.json.JsonIndex;
import io.edgeway.sse.Sse;
import io.edgeway.sse.SseParser;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;

/** Passes an OpenAI stream on as it came, and reads it on the side. */
final class OpenAiDecoder extends StreamDecoder {
    /*
     * Bytes are held up to the last blank line, so that a stream that is cut within an event can still be told to have
     * broken: what was begun would swallow the event that says so. Where the client did not ask for the usage, the chunk
     * that states it is cut out; only a part that holds a usage is taken apart.
     */
    private final boolean hideUsage;
    private final SseParser parser = new SseParser(MAX_EVENT, this::event);
    private Buffer held;
    private boolean heldWholeEvent;
    private boolean finished;
    private int events;

    OpenAiDecoder(boolean hideUsage) {
        this.hideUsage = hideUsage;
    }

    @Override
    public void feed(Buffer bytes, Consumer<Buffer> out) {
        events = 0;
        parser.feed(bytes.getBytes());
        if (heldWholeEvent && bytes.length() > 0 && bytes.getByte(0) != '\n') {
            out.accept(held);
            held = null;
        }
        heldWholeEvent = false;
        Buffer all = held == null ? bytes : held.appendBuffer(bytes);
        int cut = Sse.lastEventEnd(all.getBytes());
        if (cut < 0) {
            held = copy(all);
            // A blank line that ends in CR so far: the LF is still to come, or the lines end in CR alone, which is
            // legal, rare, and passes uncut.
            heldWholeEvent = events > 0;
            return;
        }
        held = cut == all.length() ? null : copy(all.slice(cut, all.length()));
        Buffer whole = cut == all.length() ? all : all.slice(0, cut);
        Buffer kept = hideUsage ? UsageFilter.strip(whole) : whole;
        if (kept.length() > 0) {
            out.accept(kept);
        }
    }

    private static Buffer copy(Buffer part) {
        return Buffer.buffer(part.getBytes());
    }

    private void event(String type, String data, String id) {
        events++;
        if (complete()) {
            return;
        }
        if (data.equals(Sse.DONE)) {
            completed();
            return;
        }
        if (data.isEmpty() || data.charAt(0) != '{' || data.charAt(data.length() - 1) != '}') {
            throw new JsonException("an event that is no JSON object");
        }
        // Quotes within a text are escaped, so that only a member or a plain value looks like this.
        if (!begun() || data.contains("\"error\"") || "error".equals(type)) {
            JsonIndex index = JsonIndex.of(data.getBytes(StandardCharsets.UTF_8));
            if (index.value("error") != null) {
                throw failure(index.value("error"));
            }
            if ("error".equals(index.value("object"))) {
                throw failure(index.value("message"));
            }
        }
        if (data.contains("\"usage\"")) {
            usage(Usage.read(JsonIndex.of(data.getBytes(StandardCharsets.UTF_8)).object("usage")));
        }
        // Some servers state an empty reason while there is none.
        int reason = valueOf(data, "\"finish_reason\"");
        finished |= data.startsWith("\"", reason) && !data.startsWith("\"\"", reason);
        // Azure begins with a chunk about its filters, and the one that states the usage holds no choice either.
        int choices = valueOf(data, "\"choices\"");
        if (choices < 0 || data.charAt(choices) != '[' || data.charAt(skip(data, choices + 1)) != ']') {
            piece();
        }
    }

    /** Where the value of the first member of that name begins, or -1; {@code data} ends with a brace. */
    private static int valueOf(String data, String name) {
        int at = data.indexOf(name);
        if (at < 0) {
            return -1;
        }
        int colon = skip(data, at + name.length());
        return data.charAt(colon) == ':' ? skip(data, colon + 1) : -1;
    }

    private static int skip(String data, int from) {
        int at = from;
        while (at < data.length() - 1 && (data.charAt(at) == ' ' || data.charAt(at) == '\t')) {
            at++;
        }
        return Math.min(at, data.length() - 1);
    }

    static ApiException failure(Object error) {
        Object message = error instanceof Map<?, ?> map ? map.get("message") : error;
        return told("The upstream failed within its reply: "
                + ApiException.abbreviate(message instanceof String text ? text : new String(Json.write(error))));
    }

    @Override
    public void end(Consumer<Buffer> out) {
        boolean whole = complete() || finished && !parser.pending();
        if (held != null && whole) {
            out.accept(held);
        }
        held = null;
        // Some compatible servers close after the finish reason without a last word.
        if (!complete() && whole) {
            out.accept(Buffer.buffer(Sse.event(Sse.DONE)));
            completed();
        }
    }
}
