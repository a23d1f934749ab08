package io.edgeway.plugin.wasm.engine;

import com.dylibso.chicory.wasm.types.AnnotatedInstruction;
import com.dylibso.chicory.wasm.types.FunctionBody;
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.OpCode;
import com.dylibso.chicory.wasm.types.ValType;
import com.dylibso.chicory.wasm.types.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Turns one function of a valid module into steps on registers. */
final class Translator {
    /*
     * The height of the operand stack is known at each instruction, so each of its places is a register of the frame,
     * behind those of the parameters and local variables. What is pushed from a local variable or a constant is not
     * moved until it must be: the instruction that takes it reads the variable's register, or holds the constant. Where
     * roads meet, at the ends and heads of blocks, everything lies in its own place.
     *
     * A step that makes a value is redirected into the variable that the next instruction sets from it, and a comparison
     * that only decides a jump becomes part of the jump.
     */
    private static final int CONSTANT = -1;

    private static final int EMPTY = 0x40;

    /** A label: where a jump to it goes is known at once for a loop, and at its end for others. */
    private static final class Block {
        final OpCode kind;
        final int base;
        final int params;
        final int results;
        final int head;
        final List<Integer> exits = new ArrayList<>();
        int otherwise = -1;

        Block(OpCode kind, int base, int params, int results, int head) {
            this.kind = kind;
            this.base = base;
            this.params = params;
            this.results = results;
            this.head = head;
        }

        int arity() {
            return kind == OpCode.LOOP ? params : results;
        }
    }

    private final Program program;
    private final FunctionType type;
    private final List<AnnotatedInstruction> body;
    private final List<ValType> variables;
    private final int locals;
    private final ArrayList<Block> blocks = new ArrayList<>();
    private int[] code = new int[64];
    private int size;

    /** For each place of the operand stack the register that holds it, or that it is a constant. */
    private int[] place = new int[16];

    private long[] constant = new long[16];
    private int height;
    private int highest;

    /** The last step, if it makes a value, and where it keeps the register that gets it. */
    private int lastStep = -1;

    private int lastTarget = -1;

    Translator(Program program, FunctionType type, FunctionBody function) {
        this.program = program;
        this.type = type;
        this.body = function.instructions();
        this.variables = function.localTypes();
        this.locals = type.params().size() + variables.size();
    }

    static boolean knows(OpCode code) {
        int number = code.opcode();
        return switch (code) {
            case UNREACHABLE, NOP, BLOCK, LOOP, IF, ELSE, END, BR, BR_IF, BR_TABLE, RETURN, CALL, CALL_INDIRECT -> true;
            case DROP, SELECT, SELECT_T, LOCAL_GET, LOCAL_SET, LOCAL_TEE, GLOBAL_GET, GLOBAL_SET -> true;
            case MEMORY_INIT, DATA_DROP, MEMORY_COPY, MEMORY_FILL -> true;
            case TABLE_GET, TABLE_SET, TABLE_INIT, ELEM_DROP, TABLE_COPY, TABLE_GROW, TABLE_SIZE, TABLE_FILL -> true;
            case REF_NULL, REF_IS_NULL, REF_FUNC -> true;
            default -> number >= 0x28 && number <= 0xc4 || number >= 0xfc00 && number <= 0xfc07;
        };
    }

    Program.Function translate() {
        blocks.add(new Block(OpCode.BLOCK, 0, 0, type.returns().size(), 0));
        for (int i = 0; i < variables.size(); i++) {
            if (variables.get(i).isReference()) {
                emit(Op.CONST32, type.params().size() + i, Value.REF_NULL_VALUE);
            }
        }
        for (int i = 0; i < body.size(); i++) {
            if (instruction(body.get(i))) {
                i = skip(i + 1) - 1;
            }
        }
        return new Program.Function(
                Arrays.copyOf(code, size),
                type.params().size(),
                locals,
                locals + Math.max(highest, type.returns().size()));
    }

    /** The end of what cannot be reached, from the instruction behind a jump. */
    private int skip(int from) {
        int depth = 0;
        int at = from;
        while (true) {
            switch (body.get(at).opcode()) {
                case BLOCK, LOOP, IF -> depth++;
                case ELSE -> {
                    if (depth == 0) {
                        reachNothing();
                        return at;
                    }
                }
                case END -> {
                    if (depth-- == 0) {
                        reachNothing();
                        return at;
                    }
                }
                default -> {}
            }
            at++;
        }
    }

    /** Behind a jump the block's results are taken as being there, since whoever reaches its end put them there. */
    private void reachNothing() {
        Block block = blocks.getLast();
        height = block.base;
        for (int i = 0; i < block.results; i++) {
            pushOwn();
        }
        lastStep = -1;
    }

    /** @return whether what follows cannot be reached */
    private boolean instruction(AnnotatedInstruction it) {
        switch (it.opcode()) {
            case NOP -> {}
            case UNREACHABLE -> {
                emit(Op.UNREACHABLE);
                return true;
            }
            case BLOCK, LOOP -> open(it);
            case IF -> condition(it);
            case ELSE -> otherwise();
            case END -> close();
            case BR -> {
                settle();
                jump((int) it.operand(0));
                return true;
            }
            case BR_IF -> jumpIf((int) it.operand(0));
            case BR_TABLE -> {
                table(it);
                return true;
            }
            case RETURN -> {
                leave();
                return true;
            }
            case CALL -> call((int) it.operand(0));
            case CALL_INDIRECT -> callIndirect((int) it.operand(0), (int) it.operand(1));
            case DROP -> height--;
            case SELECT, SELECT_T -> select();
            case LOCAL_GET -> push((int) it.operand(0));
            case LOCAL_SET -> set((int) it.operand(0));
            case LOCAL_TEE -> {
                int local = (int) it.operand(0);
                set(local);
                push(local);
            }
            case GLOBAL_GET -> make(Op.GLOBAL_GET, (int) it.operand(0));
            case GLOBAL_SET -> emit(Op.GLOBAL_SET, (int) it.operand(0), pop());
            case I32_CONST -> pushConstant((int) it.operand(0));
            case I64_CONST, F64_CONST -> pushConstant(it.operand(0));
            case F32_CONST -> pushConstant((int) it.operand(0));
            case MEMORY_SIZE -> make(Op.MEMORY_SIZE);
            case MEMORY_GROW -> make(Op.MEMORY_GROW, pop());
            case MEMORY_INIT -> three(Op.MEMORY_INIT, (int) it.operand(0), 0);
            case DATA_DROP -> emit(Op.DATA_DROP, (int) it.operand(0));
            case MEMORY_COPY -> three(Op.MEMORY_COPY, 0, 0);
            case MEMORY_FILL -> three(Op.MEMORY_FILL, 0, 0);
            case TABLE_GET -> make(Op.TABLE_GET, pop(), (int) it.operand(0));
            case TABLE_SET -> {
                int value = pop();
                emit(Op.TABLE_SET, pop(), value, (int) it.operand(0));
            }
            case TABLE_INIT -> three(Op.TABLE_INIT, (int) it.operand(0), (int) it.operand(1));
            case ELEM_DROP -> emit(Op.ELEM_DROP, (int) it.operand(0));
            case TABLE_COPY -> three(Op.TABLE_COPY, (int) it.operand(0), (int) it.operand(1));
            case TABLE_GROW -> {
                int count = pop();
                make(Op.TABLE_GROW, pop(), count, (int) it.operand(0));
            }
            case TABLE_SIZE -> make(Op.TABLE_SIZE, (int) it.operand(0));
            case TABLE_FILL -> three(Op.TABLE_FILL, (int) it.operand(0), 0);
            case REF_NULL -> pushConstant(Value.REF_NULL_VALUE);
            case REF_FUNC -> pushConstant((int) it.operand(0));
            case REF_IS_NULL -> make(Op.I32_EQ + Op.CONSTANT, pop(), Value.REF_NULL_VALUE);
            default -> number(it);
        }
        return false;
    }

    private void number(AnnotatedInstruction it) {
        int step = it.opcode().opcode();
        if (step >= 0xfc00) {
            unary(step - 0xfc00 + Op.FC);
        } else if (step <= 0x35) {
            make(step, pop(), (int) it.operand(1));
        } else if (step <= 0x3e) {
            int value = pop();
            emit(step, pop(), value, (int) it.operand(1));
        } else if (step == Op.I32_EQZ || step == 0x50 || takesOne(step)) {
            unary(step);
        } else {
            binary(step);
        }
    }

    private static boolean takesOne(int step) {
        return step >= 0x67 && step <= 0x69
                || step >= 0x79 && step <= 0x7b
                || step >= 0x8b && step <= 0x91
                || step >= 0x99 && step <= 0x9f
                || step >= 0xa7;
    }

    private void unary(int step) {
        int value = pop();
        make(step, value, value);
    }

    private void binary(int step) {
        boolean small = step >= Op.I32_EQ && step <= Op.I32_GE_U || step >= Op.I32_ADD && step <= Op.I32_ROTR;
        if (small && place[height - 1] == CONSTANT) {
            int second = (int) constant[--height];
            make(step + Op.CONSTANT, pop(), second);
        } else {
            int second = pop();
            make(step, pop(), second);
        }
    }

    private void select() {
        int condition = pop();
        int second = pop();
        make(Op.SELECT, pop(), second, condition);
    }

    private void three(int step, int from, int to) {
        int third = pop();
        int second = pop();
        emit(step, pop(), second, third, from, to);
    }

    // Calls. Arguments lie at the top of the stack, where the function called finds its parameters and leaves results.

    private void call(int function) {
        FunctionType called = program.type(function);
        settle();
        height -= called.params().size();
        emit(Op.CALL, function, own(height));
        results(called);
    }

    private void callIndirect(int typeIndex, int table) {
        FunctionType called = program.module().typeSection().getType(typeIndex);
        int index = pop();
        settle();
        height -= called.params().size();
        emit(Op.CALL_INDIRECT, typeIndex, table, index, own(height));
        results(called);
    }

    private void results(FunctionType called) {
        for (int i = 0; i < called.returns().size(); i++) {
            pushOwn();
        }
    }

    // Blocks and jumps.

    private void open(AnnotatedInstruction it) {
        settle();
        int params = params(it);
        lastStep = -1;
        blocks.add(new Block(it.opcode(), height - params, params, returns(it), size));
    }

    private void condition(AnnotatedInstruction it) {
        int place = branch(false);
        int params = params(it);
        Block block = new Block(OpCode.IF, height - params, params, returns(it), size);
        block.otherwise = place;
        blocks.add(block);
    }

    private void otherwise() {
        Block block = blocks.getLast();
        settle();
        emit(Op.BR, 0);
        block.exits.add(size - 1);
        code[block.otherwise] = size;
        block.otherwise = -1;
        lastStep = -1;
        height = block.base;
        for (int i = 0; i < block.params; i++) {
            pushOwn();
        }
    }

    private void close() {
        settle();
        Block block = blocks.removeLast();
        if (block.otherwise >= 0) {
            code[block.otherwise] = size;
        }
        block.exits.forEach(exit -> code[exit] = size);
        lastStep = -1;
        if (blocks.isEmpty()) {
            finish();
        }
    }

    /** Results lie at the bottom of the stack; the caller wants them where the parameters were. */
    private void finish() {
        for (int i = 0; i < type.returns().size(); i++) {
            if (own(i) != i) {
                emit(Op.MOVE, i, own(i));
            }
        }
        emit(Op.RETURN);
    }

    private void leave() {
        int results = type.returns().size();
        if (results == 1) {
            int value = pop();
            if (value != 0) {
                emit(Op.MOVE, 0, value);
            }
        } else {
            settle();
            for (int i = 0; i < results; i++) {
                emit(Op.MOVE, i, own(height - results + i));
            }
        }
        emit(Op.RETURN);
    }

    private Block label(int depth) {
        return blocks.get(blocks.size() - 1 - depth);
    }

    private boolean moves(Block label) {
        return label.arity() > 0 && height - label.arity() != label.base;
    }

    /** Jumps with what the label takes; everything lies in its own place. */
    private void jump(int depth) {
        Block label = label(depth);
        if (moves(label)) {
            for (int i = 0; i < label.arity(); i++) {
                emit(Op.MOVE, own(label.base + i), own(height - label.arity() + i));
            }
        }
        emit(Op.BR, 0);
        aim(label, size - 1);
    }

    private void aim(Block label, int place) {
        if (label.kind == OpCode.LOOP) {
            code[place] = label.head;
        } else {
            label.exits.add(place);
        }
    }

    private void jumpIf(int depth) {
        Block label = label(depth);
        height--;
        boolean moves = moves(label);
        height++;
        if (moves) {
            int over = branch(false);
            jump(depth);
            code[over] = size;
            lastStep = -1;
        } else {
            aim(label, branch(true));
        }
    }

    /**
     * Jumps if the topmost value holds, or if it does not, with everything below it in its own place.
     *
     * @return where the jump's aim is to be written
     */
    private int branch(boolean holds) {
        int top = place[height - 1];
        boolean fresh = lastStep >= 0 && top == own(height - 1) && code[lastTarget] == top;
        int step = fresh ? code[lastStep] : -1;
        int compared = step & ~Op.CONSTANT;
        boolean comparison = compared >= Op.I32_EQ && compared <= Op.I32_GE_U;
        if (fresh && (step == Op.I32_EQZ || comparison)) {
            int first = code[lastStep + 2];
            int second = code[lastStep + 3];
            size = lastStep;
            lastStep = -1;
            height--;
            // What is moved now lies below, and is neither of the two.
            settle();
            if (comparison) {
                emit((holds ? compared : opposite(compared)) + Op.JUMP + (step & Op.CONSTANT), first, second, 0);
            } else {
                emit(holds ? Op.BR_UNLESS : Op.BR_IF, first, 0);
            }
        } else {
            int condition = pop();
            settle();
            emit(holds ? Op.BR_IF : Op.BR_UNLESS, condition, 0);
        }
        return size - 1;
    }

    /** EQ, NE, then LT, GT, LE and GE, each signed and unsigned. */
    private static int opposite(int comparison) {
        return switch (comparison - Op.I32_EQ) {
            case 0 -> comparison + 1;
            case 1 -> comparison - 1;
            case 2, 3 -> comparison + 6;
            case 4, 5 -> comparison + 2;
            case 6, 7 -> comparison - 2;
            default -> comparison - 6;
        };
    }

    private void table(AnnotatedInstruction it) {
        int index = pop();
        settle();
        int count = it.operandCount();
        emit(Op.BR_TABLE, index, count);
        int entries = size;
        for (int i = 0; i < count; i++) {
            append(0);
        }
        for (int i = 0; i < count; i++) {
            Block label = label((int) it.operand(i));
            if (moves(label)) {
                code[entries + i] = size;
                jump((int) it.operand(i));
            } else {
                aim(label, entries + i);
            }
        }
    }

    private int params(AnnotatedInstruction it) {
        long id = it.operand(0);
        return id == EMPTY || ValType.isValid(id)
                ? 0
                : program.module().typeSection().getType((int) id).params().size();
    }

    private int returns(AnnotatedInstruction it) {
        long id = it.operand(0);
        if (id == EMPTY) {
            return 0;
        }
        return ValType.isValid(id)
                ? 1
                : program.module().typeSection().getType((int) id).returns().size();
    }

    // The operand stack.

    private int own(int at) {
        return locals + at;
    }

    private void reserve(int places) {
        highest = Math.max(highest, places);
        if (places > place.length) {
            place = Arrays.copyOf(place, places * 2);
            constant = Arrays.copyOf(constant, places * 2);
        }
    }

    private void push(int register) {
        reserve(height + 1);
        place[height++] = register;
    }

    private void pushOwn() {
        push(own(height));
    }

    private void pushConstant(long value) {
        reserve(height + 1);
        constant[height] = value;
        place[height++] = CONSTANT;
    }

    /** The register that holds the topmost value, which is no longer on the stack. */
    private int pop() {
        height--;
        if (place[height] == CONSTANT) {
            load(height);
        }
        return place[height];
    }

    private void load(int at) {
        long value = constant[at];
        if (value == (int) value) {
            emit(Op.CONST32, own(at), (int) value);
        } else {
            emit(Op.CONST64, own(at), (int) value, (int) (value >>> 32));
        }
        place[at] = own(at);
    }

    /** Moves all that is on the stack to its own place. */
    private void settle() {
        for (int at = 0; at < height; at++) {
            if (place[at] == CONSTANT) {
                load(at);
            } else if (place[at] != own(at)) {
                emit(Op.MOVE, own(at), place[at]);
                place[at] = own(at);
            }
        }
    }

    private void set(int local) {
        int top = height - 1;
        boolean aliased = false;
        for (int at = 0; at < top; at++) {
            aliased |= place[at] == local;
        }
        if (!aliased && place[top] == own(top) && lastStep >= 0 && code[lastTarget] == own(top)) {
            code[lastTarget] = local;
            lastStep = -1;
            height--;
            return;
        }
        for (int at = 0; at < top; at++) {
            if (place[at] == local) {
                emit(Op.MOVE, own(at), local);
                place[at] = own(at);
            }
        }
        height--;
        if (place[top] != CONSTANT) {
            if (place[top] != local) {
                emit(Op.MOVE, local, place[top]);
            }
        } else if (constant[top] == (int) constant[top]) {
            emit(Op.CONST32, local, (int) constant[top]);
        } else {
            emit(Op.CONST64, local, (int) constant[top], (int) (constant[top] >>> 32));
        }
    }

    // Steps.

    /** A step that makes a value, whose register is the first operand. */
    private void make(int step, int... operands) {
        lastStep = size;
        lastTarget = size + 1;
        append(step);
        append(own(height));
        for (int operand : operands) {
            append(operand);
        }
        pushOwn();
    }

    private void emit(int step, int... operands) {
        lastStep = -1;
        append(step);
        for (int operand : operands) {
            append(operand);
        }
    }

    private void append(int word) {
        if (size == code.length) {
            code = Arrays.copyOf(code, size * 2);
        }
        code[size++] = word;
    }
}
