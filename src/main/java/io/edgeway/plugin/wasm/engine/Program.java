package io.edgeway.plugin.wasm.engine;

import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.AnnotatedInstruction;
import com.dylibso.chicory.wasm.types.FunctionBody;
import com.dylibso.chicory.wasm.types.FunctionImport;
import com.dylibso.chicory.wasm.types.FunctionType;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
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
    private final FunctionType[] imports;
    private final AtomicReferenceArray<@Nullable Function> functions;

    public Program(WasmModule module) {
        this.module = module;
        imports = module.importSection().stream()
                .filter(FunctionImport.class::isInstance)
                .map(wanted -> module.typeSection().getType(((FunctionImport) wanted).typeIndex()))
                .toArray(FunctionType[]::new);
        functions = new AtomicReferenceArray<>(module.functionSection().functionCount());
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
        return imports.length;
    }

    FunctionType type(int function) {
        return function < imports.length
                ? imports[function]
                : module.functionSection().getFunctionType(function - imports.length, module.typeSection());
    }

    Function function(int function) {
        int own = function - imports.length;
        Function known = functions.get(own);
        if (known == null) {
            known = new Translator(this, type(function), module.codeSection().getFunctionBody(own)).translate();
            functions.set(own, known);
        }
        return known;
    }
}
