package io.edgeway.plugin.wasm.engine;

import java.io.ByteArrayOutputStream;
import java.util.Random;

/** Writes a valid module with one function full of arithmetic, memory, blocks, loops that end, jumps and calls. */
final class RandomModule {
    static final int MAIN = 2;

    private static final int I32 = 0x7f;
    private static final int I64 = 0x7e;
    private static final int F32 = 0x7d;
    private static final int F64 = 0x7c;
    private static final int[] TYPES = {I32, I64, F32, F64};

    /** Four parameters, then three variables of each type, then counters of loops. */
    private static final int COUNTERS = 16;

    private static final int MAX_COUNTERS = 6;

    /** A type (i32)->(i32, i64) for blocks and calls with several values. */
    private static final int PAIR = 1;

    private final Random random;
    private ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int counters;
    private int budget = 400;

    /** How many labels without results lie around, from the innermost. */
    private int labels;

    RandomModule(Random random) {
        this.random = random;
    }

    private void op(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
    }

    private void number(long value) {
        long left = value;
        while (true) {
            int low = (int) (left & 0x7f);
            left >>= 7;
            if (left == 0 && (low & 0x40) == 0 || left == -1 && (low & 0x40) != 0) {
                out.write(low);
                return;
            }
            out.write(low | 0x80);
        }
    }

    private int pick(int... of) {
        return of[random.nextInt(of.length)];
    }

    private int local(int type) {
        int kind = type == I32 ? 0 : type == I64 ? 1 : type == F32 ? 2 : 3;
        return random.nextInt(4) == 0 ? kind : 4 + kind * 3 + random.nextInt(3);
    }

    private void constant(int type) {
        switch (type) {
            case I32 -> {
                op(0x41);
                number(random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(-3, 40));
            }
            case I64 -> {
                op(0x42);
                number(random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(-3, 70));
            }
            case F32 -> {
                op(0x43);
                int bits = Float.floatToRawIntBits(random.nextInt(-50, 50) / 4f);
                op(bits & 0xff, bits >> 8 & 0xff, bits >> 16 & 0xff, bits >>> 24);
            }
            default -> {
                op(0x44);
                long bits = Double.doubleToRawLongBits(random.nextInt(-5000, 5000) / 8.0);
                for (int i = 0; i < 64; i += 8) {
                    op((int) (bits >>> i) & 0xff);
                }
            }
        }
    }

    private void expression(int type, int depth) {
        budget--;
        if (depth <= 0 || budget < 0) {
            if (random.nextBoolean()) {
                constant(type);
            } else {
                op(0x20, local(type));
            }
            return;
        }
        switch (random.nextInt(12)) {
            case 0 -> constant(type);
            case 1, 2 -> op(0x20, local(type));
            case 3 -> {
                expression(type, depth - 1);
                op(0x22, local(type));
            }
            case 4 -> {
                expression(type, depth - 1);
                expression(type, depth - 1);
                expression(I32, depth - 1);
                op(0x1b);
            }
            case 5 -> load(type, depth);
            case 6 -> valued(type, depth);
            case 7 -> convert(type, depth);
            case 8 -> unary(type, depth);
            default -> binary(type, depth);
        }
    }

    private void address(int depth) {
        expression(I32, depth - 1);
        op(0x41);
        number(0x7ff);
        op(0x71);
    }

    private void load(int type, int depth) {
        address(depth);
        switch (type) {
            case I32 -> op(pick(0x28, 0x2c, 0x2d, 0x2e, 0x2f), 0, 0);
            case I64 -> op(pick(0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35), 0, pick(0, 9));
            // A number that is none has no bits that all agree on.
            case F32 -> op(0x28, 0, 0, 0x41, 7, 0x71, 0xb2);
            default -> op(0x28, 0, 0, 0x41, 7, 0x71, 0xb7);
        }
    }

    /** A block or an if that gives a value, perhaps by a jump with other values below it. */
    private void valued(int type, int depth) {
        int around = labels;
        labels = 0;
        switch (random.nextInt(4)) {
            case 0 -> {
                expression(I32, depth - 1);
                op(0x04, type);
                expression(type, depth - 1);
                op(0x05);
                expression(type, depth - 1);
                op(0x0b);
            }
            case 1 -> {
                op(0x02, type);
                expression(I64, depth - 1);
                expression(type, depth - 1);
                expression(I32, depth - 1);
                op(0x0d, 0);
                op(0x1a, 0x1a);
                expression(type, depth - 1);
                op(0x0b);
            }
            case 2 -> {
                op(0x02, type, 0x02, type);
                expression(F64, depth - 1);
                expression(type, depth - 1);
                expression(I32, depth - 1);
                op(0x0e, 2, 0, 1, pick(0, 1));
                op(0x0b, 0x0b);
            }
            default -> {
                // Both values of a block with several, or of a call.
                if (random.nextBoolean()) {
                    expression(I32, depth - 1);
                    op(0x02, PAIR);
                    expression(I64, depth - 1);
                    op(0x0b);
                } else {
                    expression(I32, depth - 1);
                    op(0x10, 0);
                }
                op(0x21, local(I64), 0x21, local(I32));
                op(0x20, local(type));
            }
        }
        labels = around;
    }

    private void convert(int type, int depth) {
        switch (type) {
            case I32 -> {
                if (random.nextBoolean()) {
                    expression(I64, depth - 1);
                    op(pick(0xa7, 0x50));
                } else {
                    int from = pick(F32, F64);
                    expression(from, depth - 1);
                    op(0xfc, from == F32 ? pick(0, 1) : pick(2, 3));
                }
            }
            case I64 -> {
                if (random.nextBoolean()) {
                    expression(I32, depth - 1);
                    op(pick(0xac, 0xad));
                } else {
                    int from = pick(F32, F64);
                    expression(from, depth - 1);
                    op(from == F32 ? pick(0xae, 0xaf) : pick(0xb0, 0xb1));
                }
            }
            case F32 -> {
                int from = pick(I32, I64);
                expression(from, depth - 1);
                op(from == I32 ? pick(0xb2, 0xb3) : pick(0xb4, 0xb5));
            }
            default -> {
                int from = pick(I32, I64, F32);
                expression(from, depth - 1);
                op(from == I32 ? pick(0xb7, 0xb8) : from == I64 ? pick(0xb9, 0xba) : 0xbb);
            }
        }
    }

    private void unary(int type, int depth) {
        expression(type, depth - 1);
        switch (type) {
            case I32 -> op(pick(0x45, 0x67, 0x68, 0x69, 0xc0, 0xc1));
            case I64 -> op(pick(0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4));
            case F32 -> op(pick(0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90));
            default -> op(pick(0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e));
        }
    }

    private void binary(int type, int depth) {
        int operands = type == I32 && random.nextInt(4) == 0 ? pick(I64, F32, F64) : type;
        expression(operands, depth - 1);
        expression(operands, depth - 1);
        if (operands != type) {
            op(
                    operands == I64
                            ? random.nextInt(0x51, 0x5b)
                            : operands == F32 ? random.nextInt(0x5b, 0x61) : random.nextInt(0x61, 0x67));
            return;
        }
        switch (type) {
            case I32 -> op(random.nextBoolean() ? random.nextInt(0x46, 0x50) : random.nextInt(0x6a, 0x79));
            case I64 -> op(random.nextInt(0x7c, 0x8b));
            case F32 -> op(pick(0x92, 0x93, 0x94, 0x96, 0x97));
            default -> op(pick(0xa0, 0xa1, 0xa2, 0xa4, 0xa5));
        }
    }

    private void statements(int depth) {
        int count = random.nextInt(1, 5);
        for (int i = 0; i < count && budget > 0; i++) {
            statement(depth);
        }
    }

    private void statement(int depth) {
        int type = pick(TYPES);
        switch (random.nextInt(depth > 0 ? 15 : 5)) {
            case 0, 1, 2 -> {
                expression(type, 3);
                op(0x21, local(type));
            }
            case 3 -> {
                address(2);
                expression(type, 3);
                op(
                        type == I32
                                ? pick(0x36, 0x3a, 0x3b)
                                : type == I64 ? pick(0x37, 0x3c, 0x3d, 0x3e) : type == F32 ? 0x38 : 0x39,
                        0,
                        pick(0, 5));
            }
            case 4 -> {
                expression(type, 2);
                op(0x1a);
            }
            case 5 -> {
                expression(I32, 3);
                op(0x04, 0x40);
                inside(depth);
                if (random.nextBoolean()) {
                    op(0x05);
                    inside(depth);
                }
                op(0x0b);
            }
            case 6, 7 -> {
                op(0x02, 0x40);
                inside(depth);
                op(0x0b);
            }
            case 8 -> loop(depth);
            case 9, 10 -> {
                if (labels > 0) {
                    expression(I32, 3);
                    op(0x0d, random.nextInt(labels));
                }
            }
            case 11 -> {
                if (labels > 0) {
                    // What follows is never reached, and the module is valid all the same.
                    op(0x02, 0x40);
                    labels++;
                    expression(I32, 2);
                    op(0x0e, 2, random.nextInt(labels), random.nextInt(labels), random.nextInt(labels));
                    op(0x01);
                    labels--;
                    op(0x0b);
                }
            }
            case 12, 13 -> table();
            default -> {
                expression(I32, 2);
                op(0x23, 0, 0x6a, 0x24, 0);
            }
        }
    }

    /** Instructions on the table, whose first entries are functions. */
    private void table() {
        switch (random.nextInt(9)) {
            case 0 -> {
                op(0x41, random.nextInt(4));
                reference();
                op(0x26, 0);
            }
            case 1 -> op(0x41, random.nextInt(5), 0x25, 0, 0xd1, 0x21, local(I32));
            case 2 -> {
                reference();
                op(0x41, random.nextInt(3), 0xfc, 15, 0, 0x21, local(I32));
            }
            case 3 -> op(0xfc, 16, 0, 0x21, local(I32));
            case 4 -> {
                op(0x41, random.nextInt(3));
                reference();
                op(0x41, random.nextInt(3), 0xfc, 17, 0);
            }
            case 5 -> op(0x41, random.nextInt(3), 0x41, random.nextInt(3), 0x41, random.nextInt(4), 0xfc, 14, 0, 0);
            case 6 -> op(0x41, random.nextInt(3), 0x41, random.nextInt(2), 0x41, random.nextInt(3), 0xfc, 12, 1, 0);
            case 7 -> {
                op(0x02, 0x70);
                reference();
                op(0x0b, 0xd1, 0x21, local(I32));
            }
            default -> {
                expression(I32, 1);
                op(0x41, random.nextInt(4), 0x11, 2, 0, 0x21, local(I32));
            }
        }
    }

    private void reference() {
        if (random.nextBoolean()) {
            op(0xd0, 0x70);
        } else {
            op(0xd2, random.nextInt(2));
        }
    }

    private void inside(int depth) {
        labels++;
        statements(depth - 1);
        if (random.nextInt(8) == 0) {
            op(0x0c, random.nextInt(labels));
        }
        labels--;
    }

    private void loop(int depth) {
        if (counters == MAX_COUNTERS) {
            return;
        }
        int counter = COUNTERS + counters++;
        op(0x41, random.nextInt(1, 4), 0x21, counter);
        op(0x03, 0x40);
        // A jump to the loop's head must count, so what is inside does not see it.
        int around = labels;
        labels = 0;
        statements(depth - 1);
        labels = around;
        op(0x20, counter, 0x41, 1, 0x6b, 0x22, counter, 0x0d, 0);
        op(0x0b);
    }

    private byte[] main() {
        out = new ByteArrayOutputStream();
        op(5, 3, I32, 3, I64, 3, F32, 3, F64, MAX_COUNTERS, I32);
        for (int i = 0; i < 5; i++) {
            statement(3);
        }
        for (int type : TYPES) {
            for (int i = 0; i < 3; i++) {
                int place = 4 + (type == I32 ? 0 : type == I64 ? 1 : type == F32 ? 2 : 3) * 3 + i;
                op(0x41);
                number(2100 + place * 8);
                op(0x20, place);
                op(type == I32 ? 0x36 : type == I64 ? 0x37 : type == F32 ? 0x38 : 0x39, 0, 0);
            }
        }
        op(0x23, 0);
        expression(I32, 3);
        op(0x6a);
        expression(I64, 3);
        op(0x0b);
        return out.toByteArray();
    }

    private byte[] section(int id, byte[] content) {
        out = new ByteArrayOutputStream();
        op(id);
        unsigned(content.length);
        out.writeBytes(content);
        return out.toByteArray();
    }

    private void unsigned(int value) {
        int left = value;
        while (left >= 0x80) {
            out.write(left & 0x7f | 0x80);
            left >>>= 7;
        }
        out.write(left);
    }

    private static byte[] of(int... bytes) {
        byte[] out = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            out[i] = (byte) bytes[i];
        }
        return out;
    }

    byte[] bytes() {
        byte[] main = main();
        // A function of two results, one that is only there to be called by it, and the random one.
        byte[] pair = of(1, 1, I32, 0x20, 0, 0x41, 3, 0x6c, 0x22, 1, 0x20, 1, 0x10, 1, 0xac, 0x0f, 0x0b);
        byte[] other = of(0, 0x20, 0, 0x04, I32, 0x20, 0, 0x05, 0x41, 9, 0x0b, 0x0b);
        out = new ByteArrayOutputStream();
        op(3);
        for (byte[] body : new byte[][] {pair, other, main}) {
            unsigned(body.length);
            out.writeBytes(body);
        }
        byte[] code = out.toByteArray();
        ByteArrayOutputStream module = new ByteArrayOutputStream();
        module.writeBytes(of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
        module.writeBytes(section(
                1, of(3, 0x60, 4, I32, I64, F32, F64, 2, I32, I64, 0x60, 1, I32, 2, I32, I64, 0x60, 1, I32, 1, I32)));
        module.writeBytes(section(3, of(3, 1, 2, 0)));
        module.writeBytes(section(4, of(1, 0x70, 1, 5, 9)));
        module.writeBytes(section(5, of(1, 0, 1)));
        module.writeBytes(section(6, of(1, I32, 1, 0x41, 7, 0x0b)));
        // In the table four times the one that is only called; to copy from, it and the one of two results.
        module.writeBytes(section(9, of(2, 0, 0x41, 0, 0x0b, 4, 1, 1, 1, 1, 1, 0, 2, 0, 1)));
        module.writeBytes(section(10, code));
        return module.toByteArray();
    }
}
