package io.edgeway.sse;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes server-sent events. */
public final class Sse {
    public static final String CONTENT_TYPE = "text/event-stream";
    /** The last event of an OpenAI stream that ended well. */
    public static final String DONE = "[DONE]";

    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);

    private Sse() {}

    /** One unnamed event; {@code data} may hold line breaks. */
    public static byte[] event(byte[] data) {
        return event(null, data);
    }

    public static byte[] event(String type, byte[] data) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(data.length + 32);
        if (type != null) {
            out.writeBytes(("event: " + type + "\n").getBytes(StandardCharsets.UTF_8));
        }
        int from = 0;
        for (int i = 0; i <= data.length; i++) {
            if (i == data.length || data[i] == '\n' || data[i] == '\r') {
                out.writeBytes(DATA);
                out.write(data, from, i - from);
                out.write('\n');
                if (i < data.length - 1 && data[i] == '\r' && data[i + 1] == '\n') {
                    i++;
                }
                from = i + 1;
            }
        }
        out.write('\n');
        return out.toByteArray();
    }

    public static byte[] event(String data) {
        return event(null, data.getBytes(StandardCharsets.UTF_8));
    }

    public static byte[] comment(String text) {
        return (": " + text + "\n\n").getBytes(StandardCharsets.UTF_8);
    }

    /** The offset after the last whole event of a part of a stream, or -1 where it holds no end of an event. */
    public static int lastEventEnd(byte[] bytes) {
        for (int i = bytes.length - 1; i > 0; i--) {
            if (endsEvent(bytes, i)) {
                return i + 1;
            }
        }
        return -1;
    }

    /** Whether a line feed stands at {@code at} that ends an empty line. */
    public static boolean endsEvent(byte[] bytes, int at) {
        return bytes[at] == '\n'
                && at > 0
                && (bytes[at - 1] == '\n' || bytes[at - 1] == '\r' && at > 1 && bytes[at - 2] == '\n');
    }
}
