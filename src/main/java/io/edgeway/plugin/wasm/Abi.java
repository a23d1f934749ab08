package io.edgeway.plugin.wasm;

import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.ValType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The functions of proxy-wasm 0.2.1 and their signatures, as {@code (parameters)results} with {@code i} for i32,
 * {@code I} for i64.
 *
 * @see <a href="https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1">the specification</a>
 */
final class Abi {
    static final int OK = 0;
    static final int NOT_FOUND = 1;
    static final int BAD_ARGUMENT = 2;
    static final int INVALID_MEMORY_ACCESS = 6;
    static final int CAS_MISMATCH = 8;
    static final int INTERNAL_FAILURE = 10;
    static final int UNIMPLEMENTED = 12;

    static final int REQUEST_HEADERS = 0;
    static final int RESPONSE_HEADERS = 2;
    static final int CALL_HEADERS = 6;

    static final int REQUEST_BODY = 0;
    static final int RESPONSE_BODY = 1;
    static final int CALL_BODY = 4;
    static final int VM_CONFIGURATION = 6;
    static final int PLUGIN_CONFIGURATION = 7;

    static final int CONTINUE = 0;
    static final int PAUSE = 1;

    static final List<String> VERSIONS = List.of("proxy_abi_version_0_2_1", "proxy_abi_version_0_2_0");

    static final String ENV = "env";
    static final String WASI = "wasi_snapshot_preview1";

    /** What a module may import, by {@code module.name}. */
    private static final Map<String, String> IMPORTS = new HashMap<>();

    /** What a module may export for us to call. */
    private static final Map<String, String> EXPORTS = new HashMap<>();

    static {
        env("(iii)i", "proxy_log");
        env("(i)i", "proxy_get_log_level", "proxy_get_current_time_nanoseconds", "proxy_set_tick_period_milliseconds");
        env("(i)i", "proxy_continue_stream", "proxy_close_stream", "proxy_set_effective_context", "proxy_grpc_cancel");
        env("(i)i", "proxy_grpc_close");
        env("()i", "proxy_done", "proxy_clear_route_cache");
        env("(iii)i", "proxy_get_status", "proxy_get_header_map_pairs", "proxy_set_header_map_pairs");
        env("(iii)i", "proxy_remove_header_map_value", "proxy_get_buffer_status", "proxy_register_shared_queue");
        env("(iii)i", "proxy_dequeue_shared_queue", "proxy_enqueue_shared_queue");
        env("(ii)i", "proxy_get_header_map_size", "proxy_get_metric");
        env("(iI)i", "proxy_increment_metric", "proxy_record_metric");
        env("(iiii)i", "proxy_get_property", "proxy_set_property", "proxy_define_metric", "proxy_grpc_send");
        env("(iiiii)i", "proxy_add_header_map_value", "proxy_replace_header_map_value", "proxy_get_header_map_value");
        env("(iiiii)i", "proxy_get_buffer_bytes", "proxy_set_buffer_bytes", "proxy_get_shared_data");
        env("(iiiii)i", "proxy_set_shared_data", "proxy_resolve_shared_queue");
        env("(iiiiii)i", "proxy_call_foreign_function");
        env("(iiiiiiii)i", "proxy_send_local_response");
        env("(iiiiiiiii)i", "proxy_grpc_stream");
        env("(iiiiiiiiii)i", "proxy_http_call");
        env("(iiiiiiiiiiii)i", "proxy_grpc_call");
        wasi("(i)", "proc_exit");
        wasi("(iiii)i", "fd_write");
        wasi("(ii)i", "random_get", "environ_get", "environ_sizes_get", "args_get", "args_sizes_get");
        wasi("(iIi)i", "clock_time_get");

        export("()", "_initialize", "_start");
        export("(i)i", "proxy_on_memory_allocate", "malloc", "proxy_on_done");
        export("(ii)", "proxy_on_context_create");
        export("(ii)i", "proxy_on_vm_start", "proxy_on_configure");
        export("(iii)i", "proxy_on_request_headers", "proxy_on_response_headers");
        export("(iii)i", "proxy_on_request_body", "proxy_on_response_body");
        export("(i)", "proxy_on_log", "proxy_on_delete", "proxy_on_tick");
        export("(iiiii)", "proxy_on_http_call_response");
    }

    private Abi() {}

    /** A function by its full name; older toolchains know WASI by another. */
    static String function(String module, String name) {
        return (module.equals("wasi_unstable") ? WASI : module) + '.' + name;
    }

    private static void env(String signature, String... names) {
        for (String name : names) {
            IMPORTS.put(ENV + '.' + name, signature);
        }
    }

    private static void wasi(String signature, String... names) {
        for (String name : names) {
            IMPORTS.put(WASI + '.' + name, signature);
        }
    }

    private static void export(String signature, String... names) {
        for (String name : names) {
            EXPORTS.put(name, signature);
        }
    }

    /** The signature of an import, or null if there is no such function. */
    static @Nullable String imported(String module, String name) {
        return IMPORTS.get(function(module, name));
    }

    /** The signature of an export that the host calls, or null if it calls none of that name. */
    static @Nullable String exported(String name) {
        return EXPORTS.get(name);
    }

    static String signature(FunctionType type) {
        StringBuilder text = new StringBuilder("(");
        type.params().forEach(value -> text.append(letter(value)));
        text.append(')');
        type.returns().forEach(value -> text.append(letter(value)));
        return text.toString();
    }

    private static char letter(ValType type) {
        return type.equals(ValType.I32)
                ? 'i'
                : type.equals(ValType.I64)
                        ? 'I'
                        : type.equals(ValType.F32) ? 'f' : type.equals(ValType.F64) ? 'F' : '?';
    }

    static FunctionType type(String signature) {
        int close = signature.indexOf(')');
        return FunctionType.of(values(signature.substring(1, close)), values(signature.substring(close + 1)));
    }

    private static List<ValType> values(String letters) {
        List<ValType> values = new ArrayList<>();
        for (int i = 0; i < letters.length(); i++) {
            values.add(letters.charAt(i) == 'i' ? ValType.I32 : ValType.I64);
        }
        return values;
    }
}
