package io.edgeway.plugin.wasm;

import com.dylibso.chicory.wasm.ChicoryException;
import com.dylibso.chicory.wasm.Parser;
import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.Export;
import com.dylibso.chicory.wasm.types.ExternalType;
import com.dylibso.chicory.wasm.types.FunctionBody;
import com.dylibso.chicory.wasm.types.FunctionImport;
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.Import;
import com.dylibso.chicory.wasm.types.MemoryLimits;
import com.dylibso.chicory.wasm.types.SubType;
import com.dylibso.chicory.wasm.types.TypeSection;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.plugin.wasm.engine.Program;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A module that was read and found fit to be run: it imports only what there is, exports what we call with the right
 * signatures, and uses nothing that would get around a limit.
 *
 * @param version as its manifest says, or an empty string
 * @param program its functions, as the interpreter runs them
 * @param exports the names of its functions that the host may call
 * @param memory its pages of 64 KiB, from the first to the most that it may grow to
 */
record Module(
        String version,
        String sha256,
        int bytes,
        String abi,
        WasmModule code,
        Program program,
        Set<String> exports,
        MemoryLimits memory) {
    /*
     * Some of WebAssembly lets a module take memory that no limit counts: objects of the garbage collector and
     * exceptions live on the host's heap, and a frame of the interpreter is as large as its function's locals. Shared
     * memories wait, which an event loop must not. None of it is needed for a filter, so it is refused.
     */
    private static final int MAX_BYTES = 8 << 20;

    private static final int MAX_MANIFEST = 64 << 10;
    private static final int MAX_LOCALS = 2_000;
    private static final int MAX_GLOBALS = 10_000;

    private static final int PAGE = 1 << 16;

    /** Why a module cannot be used; the message starts with the option that names it. */
    static final class Refused extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super("module: " + message);
        }
    }

    /**
     * Reads a module from a file, or from the folder of a plugin.
     *
     * @throws IllegalArgumentException if it cannot be used
     */
    static Module read(Path path, Optional<String> pinned, long maxMemory) {
        Path file = path;
        String version = "";
        @Nullable String expected = null;
        if (Files.isDirectory(path)) {
            Path manifestFile = path.resolve("plugin.json");
            Map<String, Object> manifest = manifest(manifestFile);
            file = path.resolve(text(manifest, manifestFile, "module"));
            version = text(manifest, manifestFile, "version");
            expected = text(manifest, manifestFile, "sha256");
        }
        byte[] bytes = bytes(file, MAX_BYTES);
        String sha256 = sha256(bytes);
        if (expected != null && !expected.equalsIgnoreCase(sha256)) {
            throw new Refused(file + " is not the one that its plugin.json describes: its SHA-256 is " + sha256);
        }
        pinned.ifPresent(pin -> {
            if (!pin.toLowerCase(Locale.ROOT).equals(sha256)) {
                throw new IllegalArgumentException("sha256: the module's is " + sha256);
            }
        });
        return of(version, bytes, maxMemory);
    }

    static Module of(String version, byte[] bytes, long maxMemory) {
        if (bytes.length > MAX_BYTES) {
            throw new Refused("larger than " + (MAX_BYTES >> 20) + " MB");
        }
        WasmModule code;
        try {
            code = Parser.parse(bytes);
        } catch (ChicoryException
                | IndexOutOfBoundsException
                | ArithmeticException
                | IllegalArgumentException
                | IllegalStateException
                | NegativeArraySizeException
                | ClassCastException
                | NullPointerException
                | AssertionError e) {
            // The parser trusts some lengths and indices of a malformed module, or asserts them.
            throw new Refused("not a valid WebAssembly module: " + reason(e));
        } catch (StackOverflowError e) {
            throw new Refused("not a valid WebAssembly module: nested too deeply");
        }
        types(code.typeSection());
        imports(code);
        Set<String> exports = exports(code);
        bounds(code);
        Program.foreign(code).ifPresent(instruction -> {
            throw new Refused("uses the instruction " + instruction
                    + ", which is not supported; compile it without the extension that has it");
        });
        return new Module(
                version,
                sha256(bytes),
                bytes.length,
                abi(code),
                code,
                new Program(code),
                Set.copyOf(exports),
                memory(code, maxMemory));
    }

    private static String reason(Throwable e) {
        String message = e.getMessage();
        if (message == null) {
            return e.getClass().getSimpleName();
        }
        return message.length() > 200 ? message.substring(0, 200) + "..." : message;
    }

    private static void types(TypeSection types) {
        for (int i = 0; i < types.subTypeCount(); i++) {
            SubType type = types.getSubType(i);
            if (type.compType().funcType() == null) {
                throw new Refused("uses types of the garbage collector; compile it without them");
            }
        }
    }

    private static void imports(WasmModule code) {
        for (int i = 0; i < code.importSection().importCount(); i++) {
            Import wanted = code.importSection().getImport(i);
            String name = wanted.module() + '.' + wanted.name();
            if (!(wanted instanceof FunctionImport function)) {
                throw new Refused("imports " + name + ", which is no function");
            }
            String ours = Abi.imported(wanted.module(), wanted.name());
            if (ours == null) {
                throw new Refused("imports the unknown function " + name + "; proxy-wasm 0.2.1 has none of that name");
            }
            check("imports " + name, functionType(code, function.typeIndex()), ours);
        }
    }

    private static FunctionType functionType(WasmModule code, int index) {
        TypeSection types = code.typeSection();
        if (index < 0 || index >= types.typeCount()) {
            throw new Refused("names a type that it does not have");
        }
        return types.getType(index);
    }

    private static void check(String what, FunctionType theirs, String ours) {
        String signature = Abi.signature(theirs);
        if (!signature.equals(ours)) {
            throw new Refused(what + " as " + signature + "; proxy-wasm 0.2.1 has it as " + ours);
        }
    }

    private static Set<String> exports(WasmModule code) {
        Set<String> exports = new HashSet<>();
        int imported = code.importSection().count(ExternalType.FUNCTION);
        for (int i = 0; i < code.exportSection().exportCount(); i++) {
            Export export = code.exportSection().getExport(i);
            if (export.exportType() != ExternalType.FUNCTION) {
                continue;
            }
            String ours = Abi.exported(export.name());
            if (ours != null) {
                int own = export.index() - imported;
                if (own < 0 || own >= code.functionSection().functionCount()) {
                    throw new Refused("exports " + export.name() + " without having it");
                }
                check(
                        "exports " + export.name(),
                        functionType(code, code.functionSection().getFunctionType(own)),
                        ours);
                exports.add(export.name());
            }
        }
        if (!exports.contains("proxy_on_memory_allocate") && !exports.contains("malloc")) {
            throw new Refused("exports neither proxy_on_memory_allocate nor malloc, so nothing can be handed to it");
        }
        return exports;
    }

    private static String abi(WasmModule code) {
        for (int i = 0; i < code.exportSection().exportCount(); i++) {
            String name = code.exportSection().getExport(i).name();
            if (Abi.VERSIONS.contains(name)) {
                return name.substring("proxy_abi_version_".length()).replace('_', '.');
            }
        }
        throw new Refused("exports none of " + Abi.VERSIONS + ", so it is no filter of proxy-wasm 0.2");
    }

    private static void bounds(WasmModule code) {
        for (int i = 0; i < code.functionSection().functionCount(); i++) {
            functionType(code, code.functionSection().getFunctionType(i));
        }
        for (FunctionBody body : code.codeSection().functionBodies()) {
            if (body.localTypes().size() > MAX_LOCALS) {
                throw new Refused("has a function with more than " + MAX_LOCALS + " local variables");
            }
        }
        for (int i = 0; i < code.tableSection().tableCount(); i++) {
            if (code.tableSection().getTable(i).limits().min() > Sandbox.MAX_TABLE) {
                throw new Refused("has a table of more than " + Sandbox.MAX_TABLE + " entries");
            }
        }
        if (code.tableSection().tableCount() > 8 || code.globalSection().globalCount() > MAX_GLOBALS) {
            throw new Refused("has too many tables or globals");
        }
        if (code.tagSection().map(section -> section.tagCount() > 0).orElse(false)) {
            throw new Refused("throws exceptions; compile it without them");
        }
    }

    private static MemoryLimits memory(WasmModule code, long maxMemory) {
        int count = code.memorySection().map(section -> section.memoryCount()).orElse(0);
        if (count != 1) {
            throw new Refused("must have exactly one memory of its own");
        }
        MemoryLimits limits = code.memorySection().orElseThrow().getMemory(0).limits();
        if (limits.shared()) {
            throw new Refused("has a shared memory; compile it without threads");
        }
        long pages = maxMemory / PAGE;
        if (limits.initialPages() > pages) {
            throw new Refused("needs " + limits.initialPages() + " pages of 64 KB to start; 'memory' allows " + pages);
        }
        return new MemoryLimits(limits.initialPages(), (int) Math.min(limits.maximumPages(), pages));
    }

    private static Map<String, Object> manifest(Path file) {
        try {
            return Json.readObject(bytes(file, MAX_MANIFEST));
        } catch (JsonException e) {
            throw new Refused(file + " is not a JSON object: " + e.getMessage());
        }
    }

    private static String text(Map<String, Object> manifest, Path file, String name) {
        if (manifest.get(name) instanceof String text && !text.isBlank()) {
            return text;
        }
        throw new Refused(file + " lacks \"" + name + '"');
    }

    private static byte[] bytes(Path file, int limit) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(limit + 1);
            if (bytes.length > limit) {
                throw new Refused(file + " is larger than " + limit + " bytes");
            }
            return bytes;
        } catch (IOException e) {
            throw new Refused(Files.exists(file) ? file + " cannot be read" : "there is no file " + file);
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
