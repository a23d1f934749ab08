package io.edgeway.plugin.wasm;

import com.dylibso.chicory.compiler.InterpreterFallback;
import com.dylibso.chicory.compiler.MachineFactoryCompiler;
import com.dylibso.chicory.runtime.ExecutionListener;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.InterpreterMachine;
import com.dylibso.chicory.runtime.MStack;
import com.dylibso.chicory.runtime.Machine;
import com.dylibso.chicory.runtime.StackFrame;
import com.dylibso.chicory.runtime.TableInstance;
import com.dylibso.chicory.wasm.ChicoryException;
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.Instruction;
import com.dylibso.chicory.wasm.types.OpCode;
import com.dylibso.chicory.wasm.types.Table;
import com.dylibso.chicory.wasm.types.TableLimits;
import java.util.Deque;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** How a module is run, and kept within its limits while it runs. */
final class Sandbox {
    /*
     * The interpreter looks at a thread's interruption at calls and plain branches only, which a loop with a conditional
     * branch never meets, and interrupting needs another thread that watches. So the deadline is looked at from within:
     * every so many instructions, and at each one that may take long. Compiled code has no such place; it looks at
     * interruption at every backward branch, and the watchdog interrupts.
     */
    private static final int SLICE = 2048;

    private static final int MAX_DEPTH = 512;
    private static final int MAX_STACK = 1 << 17;
    private static final int MAX_TABLE = 100_000;

    /** The compiler defines classes, so nothing of it may be part of the image. */
    private static final boolean CAN_COMPILE = System.getProperty("org.graalvm.nativeimage.imagecode") == null;

    /** The module ran for longer than it may. */
    static final class DeadlineException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DeadlineException() {
            super("ran past its deadline", null, false, false);
        }
    }

    /** The module called itself too deeply. */
    static final class DepthException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DepthException() {
            super("recursion too deep", null, false, false);
        }
    }

    /** Bounds the calls of one instance in time. */
    interface Limiter {
        void begin(long nanos);

        /** @return whether the deadline interrupted the call */
        boolean end();

        /**
         * Looks at the time while the host works for the module.
         *
         * @throws DeadlineException if there is none left
         */
        void check();
    }

    private Sandbox() {}

    /** Whether modules are compiled here. */
    static boolean compiles(WasmConfig.Engine engine) {
        return CAN_COMPILE && engine == WasmConfig.Engine.AUTO;
    }

    /** Turns a module into classes; takes a while. Null where it is to be interpreted. */
    static @Nullable Function<Instance, Machine> compile(Module module, WasmConfig.Engine engine) {
        if (CAN_COMPILE) {
            if (engine == WasmConfig.Engine.AUTO) {
                try {
                    return MachineFactoryCompiler.builder(module.code())
                            .withInterpreterFallback(InterpreterFallback.FAIL)
                            .compile();
                } catch (ChicoryException e) {
                    // A function too large for a method: the interpreter takes the module, with its own limits.
                    return null;
                }
            }
        }
        return null;
    }

    static TableInstance table(Table table, int init) {
        TableLimits limits = table.limits();
        TableLimits bounded = new TableLimits(limits.min(), Math.min(limits.max(), MAX_TABLE));
        return new TableInstance(new Table(table.elementType(), bounded, table.initialize()), init);
    }

    /** Counts the interpreter's instructions. */
    static final class Meter implements ExecutionListener, Limiter {
        private long deadline;
        private int left = SLICE;

        @Override
        public void begin(long nanos) {
            deadline = System.nanoTime() + nanos;
        }

        @Override
        public boolean end() {
            return false;
        }

        @Override
        public void check() {
            if (System.nanoTime() - deadline > 0) {
                throw new DeadlineException();
            }
        }

        @Override
        public void onExecution(Instruction instruction, MStack stack) {
            if (--left <= 0 || slow(instruction.opcode())) {
                left = SLICE;
                check();
            }
        }

        private static boolean slow(OpCode code) {
            return code == OpCode.MEMORY_GROW
                    || code == OpCode.MEMORY_FILL
                    || code == OpCode.MEMORY_COPY
                    || code == OpCode.MEMORY_INIT
                    || code == OpCode.TABLE_GROW
                    || code == OpCode.TABLE_FILL
                    || code == OpCode.TABLE_COPY
                    || code == OpCode.TABLE_INIT;
        }
    }

    /** An interpreter with a bound on its depth, well before the thread's own stack ends. */
    static final class Interpreter extends InterpreterMachine {
        Interpreter(Instance instance) {
            super(instance);
        }

        @Override
        protected long[] call(
                MStack stack,
                Instance instance,
                Deque<StackFrame> callStack,
                int funcId,
                long[] args,
                @Nullable FunctionType callType,
                boolean popResults) {
            if (callStack.size() > MAX_DEPTH || stack.size() > MAX_STACK) {
                throw new DepthException();
            }
            return super.call(stack, instance, callStack, funcId, args, callType, popResults);
        }
    }
}
