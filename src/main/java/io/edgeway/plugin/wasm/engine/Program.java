package io.edgeway.plugin.wasm.engine;

import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.AnnotatedInstruction;
import com.dylibso.chicory.wasm.types.FunctionBody;
import com.dylibso.chicory.wasm.types.FunctionImport;
import com.dylibso.chicory.wasm.types.FunctionType;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A module's functions, each translated when it is first called, for all instances of the module. */
public final class Program {
    /**
     * A function in registers.
     *
     * @param params the registers that the caller fills
     * @param locals those and the ones that start as zero
     * @param frame all of its registers
     */
    record Function(int[] code, int params, int locals, int frame) {}

    private final WasmModule module;
    /** Of all functions, those of the host first. */
    private final FunctionType[] types;

    private final int imported;
    private final AtomicReferenceArray<@Nullable Function> functions;

    public Program(WasmModule module) {
        this.module = module;
        int own = module.functionSection().functionCount();
        Stream<FunctionType> imports = module.importSection().stream()
                .filter(FunctionImport.class::isInstance)
                .map(wanted -> module.typeSection().getType(((FunctionImport) wanted).typeIndex()));
        types = Stream.concat(imports, IntStream.range(0, own).mapToObj(i -> module.functionSection()
                        .getFunctionType(i, module.typeSection())))
                .toArray(FunctionType[]::new);
        imported = types.length - own;
        functions = new AtomicReferenceArray<>(own);
    }

    /** An instruction of the module that is not interpreted here, if it has one. */
    public static Optional<String> foreign(WasmModule module) {
        for (FunctionBody body : module.codeSection().functionBodies()) {
            for (AnnotatedInstruction instruction : body.instructions()) {
                if (!Translator.knows(instruction.opcode())) {
                    return Optional.of(instruction.opcode().name());
                }
            }
        }
        return Optional.empty();
    }

    WasmModule module() {
        return module;
    }

    /** How many functions of the host come before the module's own. */
    int imported() {
        return imported;
    }

    FunctionType type(int function) {
        return types[function];
    }

    Function function(int function) {
        int own = function - imported;
        Function known = functions.get(own);
        if (known == null) {
            known = new Translator(this, type(function), module.codeSection().getFunctionBody(own)).translate();
            functions.set(own, known);
        }
        return known;
    }
}
