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
    /** The data of an event of one line, which almost every event is; null before there is any. */
    private String data;
    /** The data so far once there are several lines. */
    private StringBuilder lines;

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
                if (lineLength == 0) {
                    count(i - from);
                    line(bytes, from, i);
                } else {
                    append(bytes, from, i);
                    int whole = lineLength;
                    lineLength = 0;
                    line(line, 0, whole);
                }
                from = i + 1;
                afterCr = b == '\r';
            }
        }
        append(bytes, from, end);
    }

    /** Whether an event has begun whose blank line has not come: the stream was cut. */
    public boolean pending() {
        return lineLength > 0 || data != null || type != null;
    }

    private void count(int length) {
        eventBytes += length;
        if (eventBytes > maxEvent) {
            throw new TooLarge(maxEvent);
        }
    }

    private void append(byte[] bytes, int from, int to) {
        int length = to - from;
        if (length <= 0) {
            return;
        }
        count(length);
        if (lineLength + length > line.length) {
            line = Arrays.copyOf(line, Math.max(lineLength + length, line.length * 2));
        }
        System.arraycopy(bytes, from, line, lineLength, length);
        lineLength += length;
    }

    private void line(byte[] bytes, int from, int end) {
        int start = from;
        if (first) {
            first = false;
            if (end - start >= 3 && Arrays.equals(bytes, start, start + 3, BOM, 0, 3)) {
                start += 3;
            }
        }
        if (start == end) {
            dispatch();
            return;
        }
        if (bytes[start] == ':') {
            eventBytes -= end - start;
            listener.comment();
            return;
        }
        int colon = start;
        while (colon < end && bytes[colon] != ':') {
            colon++;
        }
        int value = colon < end ? colon + 1 : end;
        if (value < end && bytes[value] == ' ') {
            value++;
        }
        if (is("data", bytes, start, colon)) {
            data(text(bytes, value, end));
        } else if (is("event", bytes, start, colon)) {
            type = text(bytes, value, end);
        } else if (is("id", bytes, start, colon)) {
            String text = text(bytes, value, end);
            if (text.indexOf('\0') < 0) {
                id = text;
            }
        }
    }

    private void data(String text) {
        if (data == null) {
            data = text;
            return;
        }
        if (lines == null) {
            lines = new StringBuilder(data);
        }
        lines.append('\n').append(text);
    }

    private void dispatch() {
        eventBytes = 0;
        if (data == null) {
            type = null;
            return;
        }
        String text = lines == null ? data : lines.toString();
        String name = type;
        data = null;
        lines = null;
        type = null;
        listener.event(name, text, id);
    }

    private static boolean is(String name, byte[] bytes, int from, int to) {
        if (to - from != name.length()) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if (bytes[from + i] != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }
}
