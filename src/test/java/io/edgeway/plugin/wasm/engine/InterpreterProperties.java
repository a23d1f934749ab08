package io.edgeway.plugin.wasm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.dylibso.chicory.runtime.ByteArrayMemory;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.InterpreterMachine;
import com.dylibso.chicory.runtime.Machine;
import com.dylibso.chicory.wasm.ChicoryException;
import com.dylibso.chicory.wasm.Parser;
import com.dylibso.chicory.wasm.WasmModule;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Whatever valid function is run, it does what Chicory's own interpreter does. */
class InterpreterProperties {
    /** What a run gave: its results, or that it trapped, and what is in the memory behind it. */
    private record Outcome(String results, int memory) {}

    @Property(tries = 600)
    void doesWhatTheReferenceDoes(@ForAll long seed) {
        byte[] bytes = new RandomModule(new Random(seed)).bytes();
        WasmModule module = Parser.parse(bytes);
        assertThat(Program.foreign(module)).isEmpty();
        Program program = new Program(module);
        Random arguments = new Random(seed);
        for (int i = 0; i < 4; i++) {
            long[] given = {arguments.nextInt(), arguments.nextLong(), arguments.nextInt(40), arguments.nextInt(9)};
            given[2] = Float.floatToRawIntBits(given[2]);
            given[3] = Double.doubleToRawLongBits(given[3]);
            assertThat(outcome(bytes, given, instance -> new Interpreter(program, instance, () -> {})))
                    .as("seed %d, arguments %s", seed, Arrays.toString(given))
                    .isEqualTo(outcome(bytes, given, InterpreterMachine::new));
        }
    }

    private static Outcome outcome(byte[] bytes, long[] arguments, Function<Instance, Machine> machine) {
        // Parsed anew: a table that grows changes the limits that its module tells.
        Instance instance = Instance.builder(Parser.parse(bytes))
                .withMachineFactory(machine)
                .withMemoryFactory(ByteArrayMemory::new)
                .withStart(false)
                .build();
        String results;
        try {
            results = Arrays.toString(instance.getMachine().call(RandomModule.MAIN, arguments));
        } catch (ChicoryException | ArithmeticException e) {
            results = "trap";
        }
        return new Outcome(results, Arrays.hashCode(instance.memory().readBytes(0, 4096)));
    }
}
