package io.edgeway.embed;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** As much of protobuf's wire format as a model file needs (https://protobuf.dev/programming-guides/encoding/). */
final class Protobuf {
    static final int VARINT = 0;
    static final int FIXED64 = 1;
    static final int LENGTH = 2;
    static final int FIXED32 = 5;

    private Protobuf() {}

    /** A field as it was read: its number, its value where that is a number, and its bytes with and without its tag. */
    record Field(int number, int type, long value, ByteBuffer content, ByteBuffer whole) {
        String text() {
            byte[] bytes = new byte[content.remaining()];
            content.duplicate().get(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    static void read(ByteBuffer message, Consumer<Field> each) {
        ByteBuffer in = message.duplicate();
        while (in.hasRemaining()) {
            int start = in.position();
            long tag = varint(in);
            int type = (int) (tag & 7);
            long value = 0;
            ByteBuffer content = null;
            switch (type) {
                case VARINT -> value = varint(in);
                case FIXED64 -> in.position(in.position() + 8);
                case FIXED32 -> in.position(in.position() + 4);
                case LENGTH -> {
                    int length = Math.toIntExact(varint(in));
                    content = in.slice(in.position(), length);
                    in.position(in.position() + length);
                }
                default -> throw new IllegalArgumentException("not a protobuf message");
            }
            ByteBuffer whole = in.duplicate().position(start).limit(in.position());
            each.accept(new Field((int) (tag >>> 3), type, value, content, whole));
        }
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("not a protobuf message");
    }

    static int sizeOf(long varint) {
        return varint < 0 ? 10 : Math.max(1, (70 - Long.numberOfLeadingZeros(varint)) / 7);
    }

    /** Writes a message; grows as needed. */
    static final class Writer {
        private byte[] bytes = new byte[256];
        private int length;

        Writer number(int field, long value) {
            varint((long) field << 3 | VARINT);
            varint(value);
            return this;
        }

        Writer text(int field, String text) {
            return bytes(field, text.getBytes(StandardCharsets.UTF_8));
        }

        Writer message(int field, Writer message) {
            varint((long) field << 3 | LENGTH);
            varint(message.length);
            put(message.bytes, message.length);
            return this;
        }

        Writer bytes(int field, byte[] content) {
            varint((long) field << 3 | LENGTH);
            varint(content.length);
            put(content, content.length);
            return this;
        }

        Writer raw(ByteBuffer whole) {
            int size = whole.remaining();
            room(size);
            whole.duplicate().get(bytes, length, size);
            length += size;
            return this;
        }

        int length() {
            return length;
        }

        void writeTo(ByteBuffer out) {
            out.put(bytes, 0, length);
        }

        private void varint(long value) {
            room(10);
            while ((value & ~0x7FL) != 0) {
                bytes[length++] = (byte) (value & 0x7F | 0x80);
                value >>>= 7;
            }
            bytes[length++] = (byte) value;
        }

        private void put(byte[] from, int size) {
            room(size);
            System.arraycopy(from, 0, bytes, length, size);
            length += size;
        }

        private void room(int more) {
            if (bytes.length - length < more) {
                bytes = java.util.Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
            }
        }
    }

    /** Writes the tag and length of a field whose content follows. */
    static void head(ByteBuffer out, int field, long length) {
        put(out, (long) field << 3 | LENGTH);
        put(out, length);
    }

    private static void put(ByteBuffer out, long value) {
        while ((value & ~0x7FL) != 0) {
            out.put((byte) (value & 0x7F | 0x80));
            value >>>= 7;
        }
        out.put((byte) value);
    }
}
