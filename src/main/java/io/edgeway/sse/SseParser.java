package io.edgeway.sse;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * An incremental reader of server-sent events (WHATWG HTML, section 9.2.6). Bytes may be cut anywhere, within a
 * character and between CR and LF too. An event larger than the bound fails the stream.
 */
public final class SseParser {
    /** Receives what the parser finds; {@code type} and {@code id} are null where the event names none. */
    public interface Listener {
        void event(String type, String data, String id);

        /** A comment line, such as a keep-alive. */
        default void comment() {}
    }

    /** An event that outgrew the bound. */
    public static final class TooLarge extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooLarge(int bound) {
            super("a server-sent event is larger than " + bound + " bytes", null, false, false);
        }
    }

    private static final byte[] BOM = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final Listener listener;
    private final int maxEvent;
    private byte[] line = new byte[512];
    private int lineLength;
    private boolean afterCr;
    private boolean first = true;
    private int eventBytes;
    private final StringBuilder data = new StringBuilder();
    private boolean hasData;
    private String type;
    private String id;

    public SseParser(int maxEvent, Listener listener) {
        if (maxEvent <= 0) {
            throw new IllegalArgumentException("maxEvent must be positive");
        }
        this.maxEvent = maxEvent;
        this.listener = listener;
    }

    public void feed(byte[] bytes) {
        feed(bytes, 0, bytes.length);
    }

    public void feed(byte[] bytes, int offset, int length) {
        int end = offset + length;
        int from = offset;
        for (int i = offset; i < end; i++) {
            byte b = bytes[i];
            if (afterCr) {
                afterCr = false;
                if (b == '\n') {
                    from = i + 1;
                    continue;
                }
            }
            if (b == '\n' || b == '\r') {
                append(bytes, from, i);
                line();
                from = i + 1;
                afterCr = b == '\r';
            }
        }
        append(bytes, from, end);
    }

    /** Whether an event has begun whose blank line has not come: the stream was cut. */
    public boolean pending() {
        return lineLength > 0 || hasData || type != null;
    }

    private void append(byte[] bytes, int from, int to) {
        int length = to - from;
        if (length <= 0) {
            return;
        }
        eventBytes += length;
        if (eventBytes > maxEvent) {
            throw new TooLarge(maxEvent);
        }
        if (lineLength + length > line.length) {
            line = Arrays.copyOf(line, Math.max(lineLength + length, line.length * 2));
        }
        System.arraycopy(bytes, from, line, lineLength, length);
        lineLength += length;
    }

    private void line() {
        int start = 0;
        int end = lineLength;
        lineLength = 0;
        if (first) {
            first = false;
            if (end >= 3 && Arrays.equals(line, 0, 3, BOM, 0, 3)) {
                start = 3;
            }
        }
        if (start == end) {
            dispatch();
            return;
        }
        if (line[start] == ':') {
            eventBytes -= end - start;
            listener.comment();
            return;
        }
        int colon = start;
        while (colon < end && line[colon] != ':') {
            colon++;
        }
        int value = colon < end ? colon + 1 : end;
        if (value < end && line[value] == ' ') {
            value++;
        }
        if (is("data", start, colon)) {
            if (hasData) {
                data.append('\n');
            }
            data.append(text(value, end));
            hasData = true;
        } else if (is("event", start, colon)) {
            type = text(value, end);
        } else if (is("id", start, colon)) {
            String text = text(value, end);
            if (text.indexOf('\0') < 0) {
                id = text;
            }
        }
    }

    private void dispatch() {
        eventBytes = 0;
        if (!hasData) {
            type = null;
            return;
        }
        String text = data.toString();
        String name = type;
        data.setLength(0);
        hasData = false;
        type = null;
        listener.event(name, text, id);
    }

    private boolean is(String name, int from, int to) {
        if (to - from != name.length()) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if (line[from + i] != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private String text(int from, int to) {
        return new String(line, from, to - from, StandardCharsets.UTF_8);
    }
}
