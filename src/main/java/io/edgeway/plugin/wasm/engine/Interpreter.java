package io.edgeway.plugin.wasm.engine;

import com.dylibso.chicory.runtime.ImportFunction;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Machine;
import com.dylibso.chicory.runtime.Memory;
import com.dylibso.chicory.runtime.TrapException;
import com.dylibso.chicory.runtime.WasmRuntimeException;
import com.dylibso.chicory.wasm.types.FunctionType;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Runs the functions of one instance, for one thread at a time. */
public final class Interpreter implements Machine {
    /*
     * One array holds the registers of all calls under way: those of a function begin where its caller put the
     * arguments, and its results take their place. Numbers of 32 bits are kept with their sign extended, those with a
     * point as their bits.
     *
     * A function that neither calls nor jumps back ends by itself, so the time is looked at there, once in a while, and
     * after what may take long.
     */
    private static final int SLICE = 512;

    private static final int MAX_DEPTH = 512;
    private static final int MAX_REGISTERS = 1 << 17;

    private final Program program;
    private final Instance instance;
    private final Runnable clock;
    private long[] registers = new long[256];
    private @Nullable Memory memory;
    private int top;
    private int depth;
    private int left = SLICE;

    /** @param clock looked at while the module runs; it throws once the time is over */
    public Interpreter(Program program, Instance instance, Runnable clock) {
        this.program = program;
        this.instance = instance;
        this.clock = clock;
    }

    @Override
    public long @Nullable [] call(int function, long[] arguments) {
        FunctionType type = program.type(function);
        int base = top;
        int level = depth;
        int results = type.returns().size();
        reserve(base + Math.max(arguments.length, results));
        System.arraycopy(arguments, 0, registers, base, arguments.length);
        try {
            enter(function, base);
            return results == 0 ? null : Arrays.copyOfRange(registers, base, base + results);
        } finally {
            top = base;
            depth = level;
        }
    }

    private void reserve(int count) {
        if (count > registers.length) {
            if (count > MAX_REGISTERS) {
                throw new DepthException();
            }
            registers = Arrays.copyOf(registers, Math.max(count, registers.length * 2));
        }
    }

    private void enter(int id, int base) {
        if (id < program.imported()) {
            host(id, base);
            return;
        }
        Program.Function function = program.function(id);
        if (++depth > MAX_DEPTH) {
            throw new DepthException();
        }
        reserve(base + function.frame());
        Arrays.fill(registers, base + function.params(), base + function.locals(), 0);
        run(function, base);
        depth--;
    }

    /** The host may call the module again, above what lies here. */
    private void host(int id, int base) {
        ImportFunction function = instance.imports().function(id);
        FunctionType type = program.type(id);
        int count = type.params().size();
        long[] arguments = Arrays.copyOfRange(registers, base, base + count);
        int before = top;
        top = base + Math.max(count, type.returns().size());
        reserve(top);
        long[] results = function.handle().apply(instance, arguments);
        top = before;
        if (results != null) {
            System.arraycopy(results, 0, registers, base, results.length);
        }
    }

    private void indirect(int typeIndex, int table, int index, int base) {
        int id = instance.table(table).requiredRef(index);
        FunctionType wanted = instance.type(typeIndex);
        FunctionType found = program.type(id);
        if (wanted != found && !wanted.equals(found)) {
            throw new TrapException("indirect call type mismatch");
        }
        enter(id, base);
    }

    private void spend() {
        if (--left < 0) {
            look();
        }
    }

    private void look() {
        left = SLICE;
        clock.run();
    }

    private int jump(int to, int from) {
        if (to <= from) {
            spend();
        }
        return to;
    }

    private static int at(long base, int offset) {
        // A memory of 2 GiB and more cannot be had, so a negative address is always outside.
        int address = (int) base;
        if (address < 0 || offset < 0 || address + offset < 0) {
            throw new WasmRuntimeException("out of bounds memory access");
        }
        return address + offset;
    }

    private void run(Program.Function function, int base) {
        int[] c = function.code();
        long[] r = registers;
        Memory m = memory;
        if (m == null) {
            m = Objects.requireNonNull(instance.memory());
            memory = m;
        }
        int p = 0;
        while (true) {
            switch (c[p]) {
                case Op.BR -> p = jump(c[p + 1], p);
                case Op.BR_IF -> p = (int) r[base + c[p + 1]] != 0 ? jump(c[p + 2], p) : p + 3;
                case Op.BR_UNLESS -> p = (int) r[base + c[p + 1]] == 0 ? jump(c[p + 2], p) : p + 3;
                case Op.BR_TABLE -> {
                    int last = c[p + 2] - 1;
                    int index = (int) r[base + c[p + 1]];
                    p = jump(c[p + 3 + (index < 0 || index > last ? last : index)], p);
                }
                case Op.RETURN -> {
                    return;
                }
                case Op.UNREACHABLE -> throw new TrapException("Trapped on unreachable instruction");
                case Op.MOVE -> {
                    r[base + c[p + 1]] = r[base + c[p + 2]];
                    p += 3;
                }
                case Op.CONST32 -> {
                    r[base + c[p + 1]] = c[p + 2];
                    p += 3;
                }
                case Op.CONST64 -> {
                    r[base + c[p + 1]] = c[p + 2] & 0xffffffffL | (long) c[p + 3] << 32;
                    p += 4;
                }
                case Op.CALL -> {
                    spend();
                    enter(c[p + 1], base + c[p + 2]);
                    r = registers;
                    p += 3;
                }
                case Op.CALL_INDIRECT -> {
                    spend();
                    indirect(c[p + 1], c[p + 2], (int) r[base + c[p + 3]], base + c[p + 4]);
                    r = registers;
                    p += 5;
                }
                case Op.SELECT -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 4]] != 0 ? r[base + c[p + 2]] : r[base + c[p + 3]];
                    p += 5;
                }
                case Op.GLOBAL_GET -> {
                    r[base + c[p + 1]] = instance.global(c[p + 2]).getValue();
                    p += 3;
                }
                case Op.GLOBAL_SET -> {
                    instance.global(c[p + 1]).setValue(r[base + c[p + 2]]);
                    p += 3;
                }
                case 0x28, 0x2a, 0x34 -> {
                    r[base + c[p + 1]] = m.readInt(at(r[base + c[p + 2]], c[p + 3]));
                    p += 4;
                }
                case 0x29, 0x2b -> {
                    r[base + c[p + 1]] = m.readLong(at(r[base + c[p + 2]], c[p + 3]));
                    p += 4;
                }
                case 0x2c, 0x30 -> {
                    r[base + c[p + 1]] = m.read(at(r[base + c[p + 2]], c[p + 3]));
                    p += 4;
                }
                case 0x2d, 0x31 -> {
                    r[base + c[p + 1]] = m.read(at(r[base + c[p + 2]], c[p + 3])) & 0xff;
                    p += 4;
                }
                case 0x2e, 0x32 -> {
                    r[base + c[p + 1]] = m.readShort(at(r[base + c[p + 2]], c[p + 3]));
                    p += 4;
                }
                case 0x2f, 0x33 -> {
                    r[base + c[p + 1]] = m.readShort(at(r[base + c[p + 2]], c[p + 3])) & 0xffff;
                    p += 4;
                }
                case 0x35 -> {
                    r[base + c[p + 1]] = m.readInt(at(r[base + c[p + 2]], c[p + 3])) & 0xffffffffL;
                    p += 4;
                }
                case 0x36, 0x38, 0x3e -> {
                    m.writeI32(at(r[base + c[p + 1]], c[p + 3]), (int) r[base + c[p + 2]]);
                    p += 4;
                }
                case 0x37, 0x39 -> {
                    m.writeLong(at(r[base + c[p + 1]], c[p + 3]), r[base + c[p + 2]]);
                    p += 4;
                }
                case 0x3a, 0x3c -> {
                    m.writeByte(at(r[base + c[p + 1]], c[p + 3]), (byte) r[base + c[p + 2]]);
                    p += 4;
                }
                case 0x3b, 0x3d -> {
                    m.writeShort(at(r[base + c[p + 1]], c[p + 3]), (short) r[base + c[p + 2]]);
                    p += 4;
                }
                case Op.TABLE_GET -> {
                    r[base + c[p + 1]] = Tables.get(instance.table(c[p + 3]), (int) r[base + c[p + 2]]);
                    p += 4;
                }
                case Op.TABLE_SET -> {
                    instance.table(c[p + 3]).setRef((int) r[base + c[p + 1]], (int) r[base + c[p + 2]], instance);
                    p += 4;
                }
                case Op.TABLE_SIZE -> {
                    r[base + c[p + 1]] = instance.table(c[p + 2]).size();
                    p += 3;
                }
                case Op.TABLE_GROW -> {
                    r[base + c[p + 1]] =
                            Tables.grow(instance, c[p + 4], (int) r[base + c[p + 3]], (int) r[base + c[p + 2]]);
                    look();
                    p += 5;
                }
                case Op.TABLE_INIT, Op.TABLE_COPY, Op.TABLE_FILL -> {
                    Tables.write(
                            instance,
                            c[p],
                            (int) r[base + c[p + 1]],
                            (int) r[base + c[p + 2]],
                            (int) r[base + c[p + 3]],
                            c[p + 4],
                            c[p + 5]);
                    look();
                    p += 6;
                }
                case Op.ELEM_DROP -> {
                    instance.setElement(c[p + 1], null);
                    p += 2;
                }
                case Op.MEMORY_SIZE -> {
                    r[base + c[p + 1]] = m.pages();
                    p += 2;
                }
                case Op.MEMORY_GROW -> {
                    r[base + c[p + 1]] = m.grow((int) r[base + c[p + 2]]);
                    look();
                    p += 3;
                }
                case Op.MEMORY_INIT -> {
                    m.initPassiveSegment(
                            c[p + 4], (int) r[base + c[p + 1]], (int) r[base + c[p + 2]], (int) r[base + c[p + 3]]);
                    look();
                    p += 6;
                }
                case Op.DATA_DROP -> {
                    m.drop(c[p + 1]);
                    p += 2;
                }
                case Op.MEMORY_COPY -> {
                    m.copy((int) r[base + c[p + 1]], (int) r[base + c[p + 2]], (int) r[base + c[p + 3]]);
                    look();
                    p += 6;
                }
                case Op.MEMORY_FILL -> {
                    int from = (int) r[base + c[p + 1]];
                    m.fill((byte) r[base + c[p + 2]], from, from + (int) r[base + c[p + 3]]);
                    look();
                    p += 6;
                }
                case 0x45 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] == 0 ? 1 : 0;
                    p += 4;
                }
                case 0x46 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] == (int) r[base + c[p + 3]] ? 1 : 0;
                    p += 4;
                }
                case 0x146 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] == c[p + 3] ? 1 : 0;
                    p += 4;
                }
                case 0x47 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] != (int) r[base + c[p + 3]] ? 1 : 0;
                    p += 4;
                }
                case 0x147 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] != c[p + 3] ? 1 : 0;
                    p += 4;
                }
                case 0x48 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] < (int) r[base + c[p + 3]] ? 1 : 0;
                    p += 4;
                }
                case 0x148 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] < c[p + 3] ? 1 : 0;
                    p += 4;
                }
                case 0x49 -> {
                    r[base + c[p + 1]] =
                            Integer.compareUnsigned((int) r[base + c[p + 2]], (int) r[base + c[p + 3]]) < 0 ? 1 : 0;
                    p += 4;
                }
                case 0x149 -> {
                    r[base + c[p + 1]] = Integer.compareUnsigned((int) r[base + c[p + 2]], c[p + 3]) < 0 ? 1 : 0;
                    p += 4;
                }
                case 0x4a -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] > (int) r[base + c[p + 3]] ? 1 : 0;
                    p += 4;
                }
                case 0x14a -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] > c[p + 3] ? 1 : 0;
                    p += 4;
                }
                case 0x4b -> {
                    r[base + c[p + 1]] =
                            Integer.compareUnsigned((int) r[base + c[p + 2]], (int) r[base + c[p + 3]]) > 0 ? 1 : 0;
                    p += 4;
                }
                case 0x14b -> {
                    r[base + c[p + 1]] = Integer.compareUnsigned((int) r[base + c[p + 2]], c[p + 3]) > 0 ? 1 : 0;
                    p += 4;
                }
                case 0x4c -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] <= (int) r[base + c[p + 3]] ? 1 : 0;
                    p += 4;
                }
                case 0x14c -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] <= c[p + 3] ? 1 : 0;
                    p += 4;
                }
                case 0x4d -> {
                    r[base + c[p + 1]] =
                            Integer.compareUnsigned((int) r[base + c[p + 2]], (int) r[base + c[p + 3]]) <= 0 ? 1 : 0;
                    p += 4;
                }
                case 0x14d -> {
                    r[base + c[p + 1]] = Integer.compareUnsigned((int) r[base + c[p + 2]], c[p + 3]) <= 0 ? 1 : 0;
                    p += 4;
                }
                case 0x4e -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] >= (int) r[base + c[p + 3]] ? 1 : 0;
                    p += 4;
                }
                case 0x14e -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] >= c[p + 3] ? 1 : 0;
                    p += 4;
                }
                case 0x4f -> {
                    r[base + c[p + 1]] =
                            Integer.compareUnsigned((int) r[base + c[p + 2]], (int) r[base + c[p + 3]]) >= 0 ? 1 : 0;
                    p += 4;
                }
                case 0x14f -> {
                    r[base + c[p + 1]] = Integer.compareUnsigned((int) r[base + c[p + 2]], c[p + 3]) >= 0 ? 1 : 0;
                    p += 4;
                }
                case 0xc6 -> p = (int) r[base + c[p + 1]] == (int) r[base + c[p + 2]] ? jump(c[p + 3], p) : p + 4;
                case 0x1c6 -> p = (int) r[base + c[p + 1]] == c[p + 2] ? jump(c[p + 3], p) : p + 4;
                case 0xc7 -> p = (int) r[base + c[p + 1]] != (int) r[base + c[p + 2]] ? jump(c[p + 3], p) : p + 4;
                case 0x1c7 -> p = (int) r[base + c[p + 1]] != c[p + 2] ? jump(c[p + 3], p) : p + 4;
                case 0xc8 -> p = (int) r[base + c[p + 1]] < (int) r[base + c[p + 2]] ? jump(c[p + 3], p) : p + 4;
                case 0x1c8 -> p = (int) r[base + c[p + 1]] < c[p + 2] ? jump(c[p + 3], p) : p + 4;
                case 0xc9 ->
                    p = Integer.compareUnsigned((int) r[base + c[p + 1]], (int) r[base + c[p + 2]]) < 0
                            ? jump(c[p + 3], p)
                            : p + 4;
                case 0x1c9 ->
                    p = Integer.compareUnsigned((int) r[base + c[p + 1]], c[p + 2]) < 0 ? jump(c[p + 3], p) : p + 4;
                case 0xca -> p = (int) r[base + c[p + 1]] > (int) r[base + c[p + 2]] ? jump(c[p + 3], p) : p + 4;
                case 0x1ca -> p = (int) r[base + c[p + 1]] > c[p + 2] ? jump(c[p + 3], p) : p + 4;
                case 0xcb ->
                    p = Integer.compareUnsigned((int) r[base + c[p + 1]], (int) r[base + c[p + 2]]) > 0
                            ? jump(c[p + 3], p)
                            : p + 4;
                case 0x1cb ->
                    p = Integer.compareUnsigned((int) r[base + c[p + 1]], c[p + 2]) > 0 ? jump(c[p + 3], p) : p + 4;
                case 0xcc -> p = (int) r[base + c[p + 1]] <= (int) r[base + c[p + 2]] ? jump(c[p + 3], p) : p + 4;
                case 0x1cc -> p = (int) r[base + c[p + 1]] <= c[p + 2] ? jump(c[p + 3], p) : p + 4;
                case 0xcd ->
                    p = Integer.compareUnsigned((int) r[base + c[p + 1]], (int) r[base + c[p + 2]]) <= 0
                            ? jump(c[p + 3], p)
                            : p + 4;
                case 0x1cd ->
                    p = Integer.compareUnsigned((int) r[base + c[p + 1]], c[p + 2]) <= 0 ? jump(c[p + 3], p) : p + 4;
                case 0xce -> p = (int) r[base + c[p + 1]] >= (int) r[base + c[p + 2]] ? jump(c[p + 3], p) : p + 4;
                case 0x1ce -> p = (int) r[base + c[p + 1]] >= c[p + 2] ? jump(c[p + 3], p) : p + 4;
                case 0xcf ->
                    p = Integer.compareUnsigned((int) r[base + c[p + 1]], (int) r[base + c[p + 2]]) >= 0
                            ? jump(c[p + 3], p)
                            : p + 4;
                case 0x1cf ->
                    p = Integer.compareUnsigned((int) r[base + c[p + 1]], c[p + 2]) >= 0 ? jump(c[p + 3], p) : p + 4;
                case 0x6a -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] + (int) r[base + c[p + 3]];
                    p += 4;
                }
                case 0x16a -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] + c[p + 3];
                    p += 4;
                }
                case 0x6b -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] - (int) r[base + c[p + 3]];
                    p += 4;
                }
                case 0x16b -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] - c[p + 3];
                    p += 4;
                }
                case 0x6c -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] * (int) r[base + c[p + 3]];
                    p += 4;
                }
                case 0x16c -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] * c[p + 3];
                    p += 4;
                }
                case 0x71 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] & (int) r[base + c[p + 3]];
                    p += 4;
                }
                case 0x171 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] & c[p + 3];
                    p += 4;
                }
                case 0x72 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] | (int) r[base + c[p + 3]];
                    p += 4;
                }
                case 0x172 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] | c[p + 3];
                    p += 4;
                }
                case 0x73 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] ^ (int) r[base + c[p + 3]];
                    p += 4;
                }
                case 0x173 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] ^ c[p + 3];
                    p += 4;
                }
                case 0x74 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] << (int) r[base + c[p + 3]];
                    p += 4;
                }
                case 0x174 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] << c[p + 3];
                    p += 4;
                }
                case 0x75 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] >> (int) r[base + c[p + 3]];
                    p += 4;
                }
                case 0x175 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] >> c[p + 3];
                    p += 4;
                }
                case 0x76 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] >>> (int) r[base + c[p + 3]];
                    p += 4;
                }
                case 0x176 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] >>> c[p + 3];
                    p += 4;
                }
                case 0x7c -> {
                    r[base + c[p + 1]] = r[base + c[p + 2]] + r[base + c[p + 3]];
                    p += 4;
                }
                case 0x7d -> {
                    r[base + c[p + 1]] = r[base + c[p + 2]] - r[base + c[p + 3]];
                    p += 4;
                }
                case 0x7e -> {
                    r[base + c[p + 1]] = r[base + c[p + 2]] * r[base + c[p + 3]];
                    p += 4;
                }
                case 0x83 -> {
                    r[base + c[p + 1]] = r[base + c[p + 2]] & r[base + c[p + 3]];
                    p += 4;
                }
                case 0x84 -> {
                    r[base + c[p + 1]] = r[base + c[p + 2]] | r[base + c[p + 3]];
                    p += 4;
                }
                case 0x85 -> {
                    r[base + c[p + 1]] = r[base + c[p + 2]] ^ r[base + c[p + 3]];
                    p += 4;
                }
                case 0x86 -> {
                    r[base + c[p + 1]] = r[base + c[p + 2]] << r[base + c[p + 3]];
                    p += 4;
                }
                case 0x88 -> {
                    r[base + c[p + 1]] = r[base + c[p + 2]] >>> r[base + c[p + 3]];
                    p += 4;
                }
                case 0xa7 -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]];
                    p += 4;
                }
                case 0xac -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]];
                    p += 4;
                }
                case 0xad -> {
                    r[base + c[p + 1]] = (int) r[base + c[p + 2]] & 0xffffffffL;
                    p += 4;
                }
                default -> {
                    long second = (c[p] & Op.CONSTANT) == 0 ? r[base + c[p + 3]] : c[p + 3];
                    r[base + c[p + 1]] = Numeric.of(c[p] & ~Op.CONSTANT, r[base + c[p + 2]], second);
                    p += 4;
                }
            }
        }
    }
}
