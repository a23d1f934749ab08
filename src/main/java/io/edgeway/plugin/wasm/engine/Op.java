package io.edgeway.plugin.wasm.engine;

/**
 * Steps of the register machine that WebAssembly has no number for. All others keep their number of the specification,
 * those with the prefix FC from {@link #FC} on; the operands of each stand behind it.
 */
final class Op {
    /** Added to a step on two numbers of 32 bits whose second is a constant. */
    static final int CONSTANT = 0x100;

    /** Added to a comparison of numbers of 32 bits that jumps if it holds. */
    static final int JUMP = 0x080;

    static final int FC = 0x0d0;

    /** A jump; to, and nothing else. */
    static final int BR = 0x00;

    /** A jump if a register is not zero, or if it is. */
    static final int BR_IF = 0x01;

    static final int BR_UNLESS = 0x02;
    static final int BR_TABLE = 0x03;
    static final int RETURN = 0x04;
    static final int UNREACHABLE = 0x05;
    static final int MOVE = 0x06;
    static final int CONST32 = 0x07;
    static final int CONST64 = 0x08;
    static final int CALL = 0x10;
    static final int CALL_INDIRECT = 0x11;
    static final int SELECT = 0x1b;
    static final int GLOBAL_GET = 0x23;
    static final int GLOBAL_SET = 0x24;
    static final int TABLE_GET = 0x25;
    static final int TABLE_SET = 0x26;
    static final int MEMORY_SIZE = 0x3f;
    static final int MEMORY_GROW = 0x40;

    static final int I32_EQZ = 0x45;
    static final int I32_EQ = 0x46;
    static final int I32_GE_U = 0x4f;
    static final int I32_ADD = 0x6a;
    static final int I32_ROTR = 0x78;

    static final int MEMORY_INIT = FC + 8;
    static final int DATA_DROP = FC + 9;
    static final int MEMORY_COPY = FC + 10;
    static final int MEMORY_FILL = FC + 11;
    static final int TABLE_INIT = FC + 12;
    static final int ELEM_DROP = FC + 13;
    static final int TABLE_COPY = FC + 14;
    static final int TABLE_GROW = FC + 15;
    static final int TABLE_SIZE = FC + 16;
    static final int TABLE_FILL = FC + 17;

    private Op() {}
}
