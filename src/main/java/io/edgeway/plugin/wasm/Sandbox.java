package io.edgeway.plugin.wasm;

import com.dylibso.chicory.compiler.InterpreterFallback;
import com.dylibso.chicory.compiler.MachineFactoryCompiler;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Machine;
import com.dylibso.chicory.runtime.TableInstance;
import com.dylibso.chicory.wasm.ChicoryException;
import com.dylibso.chicory.wasm.types.Table;
import com.dylibso.chicory.wasm.types.TableLimits;
import io.edgeway.plugin.wasm.engine.Compiled;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** How a module is run, and kept within its limits while it runs. */
final class Sandbox {
    /*
     * The interpreter looks at the time from within. Compiled code has no such place; it looks at interruption at every
     * backward branch, and the watchdog interrupts.
     */
    /** Entries of a table, as it starts and as it may grow. */
    static final int MAX_TABLE = 100_000;

    /** The compiler defines classes, so nothing of it may be part of the image. */
    private static final boolean CAN_COMPILE = System.getProperty("org.graalvm.nativeimage.imagecode") == null;

    /** The module ran for longer than it may. */
    static final class DeadlineException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DeadlineException() {
            super("ran past its deadline", null, false, false);
        }
    }

    /** Bounds the calls of one instance in time. */
    interface Limiter {
        /** @param deadline as {@link System#nanoTime()} has it */
        void begin(long deadline);

        /** @return whether the deadline interrupted the call */
        boolean end();

        /**
         * Looks whether the time is over while the host works for the module.
         *
         * @throws DeadlineException if there is none left
         */
        void check();
    }

    private Sandbox() {}

    /**
     * Classes of a module: those made when edgeway was built, or else made now where that can be, which takes a while.
     * Null where it is to be interpreted.
     */
    static @Nullable Function<Instance, Machine> compile(Module module, WasmConfig.Engine engine) {
        if (engine == WasmConfig.Engine.INTERPRETER) {
            return null;
        }
        Function<Instance, Machine> ahead = Compiled.find(module.sha256());
        if (ahead == null && CAN_COMPILE) {
            try {
                return MachineFactoryCompiler.builder(module.code())
                        .withInterpreterFallback(InterpreterFallback.FAIL)
                        .compile();
            } catch (ChicoryException e) {
                // A function too large for a method: the interpreter takes the module, with its own limits.
                return null;
            }
        }
        return ahead;
    }

    static TableInstance table(Table table, int init) {
        TableLimits limits = table.limits();
        TableLimits bounded = new TableLimits(limits.min(), Math.min(limits.max(), MAX_TABLE));
        return new TableInstance(new Table(table.elementType(), bounded, table.initialize()), init);
    }

    /** Bounds what is interpreted, which looks at the time by itself. */
    static final class Meter implements Limiter {
        /** Calls of the host between two looks: one of them takes less than it would take to notice. */
        private static final int SLICE = 16;

        private long deadline;
        private int left = SLICE;

        @Override
        public void begin(long deadline) {
            this.deadline = deadline;
        }

        @Override
        public boolean end() {
            return false;
        }

        @Override
        public void check() {
            if (--left < 0) {
                look();
            }
        }

        /** @throws DeadlineException if there is no time left */
        void look() {
            left = SLICE;
            if (System.nanoTime() - deadline > 0) {
                throw new DeadlineException();
            }
        }
    }
}
