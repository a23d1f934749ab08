package io.edgeway.plugin.wasm;

import com.dylibso.chicory.runtime.ExportFunction;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Machine;
import com.dylibso.chicory.wasm.types.Export;
import com.dylibso.chicory.wasm.types.ExportSection;
import com.dylibso.chicory.wasm.types.ExternalType;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The functions of an instance that the host calls, each looked for once; null where the module has none. */
final class Exports {
    private final Map<String, ExportFunction> functions = new HashMap<>();
    final ExportFunction allocate;
    final @Nullable ExportFunction contextCreate;
    final @Nullable ExportFunction onDelete;
    final @Nullable ExportFunction onDone;
    final @Nullable ExportFunction onLog;
    final @Nullable ExportFunction onTick;
    final @Nullable ExportFunction onCallResponse;
    final @Nullable ExportFunction onRequestHeaders;
    final @Nullable ExportFunction onRequestBody;
    final @Nullable ExportFunction onResponseHeaders;
    final @Nullable ExportFunction onResponseBody;

    Exports(Instance instance, Set<String> names) {
        Machine machine = instance.getMachine();
        ExportSection section = instance.module().exportSection();
        for (int i = 0; i < section.exportCount(); i++) {
            Export export = section.getExport(i);
            if (export.exportType() == ExternalType.FUNCTION && names.contains(export.name())) {
                // Not by the instance, which looks after objects of the garbage collector besides: no module has any.
                int index = export.index();
                functions.put(export.name(), arguments -> machine.call(index, arguments));
            }
        }
        ExportFunction own = get("proxy_on_memory_allocate");
        allocate = own != null ? own : Objects.requireNonNull(get("malloc"));
        contextCreate = get("proxy_on_context_create");
        onDelete = get("proxy_on_delete");
        onDone = get("proxy_on_done");
        onLog = get("proxy_on_log");
        onTick = get("proxy_on_tick");
        onCallResponse = get("proxy_on_http_call_response");
        onRequestHeaders = get("proxy_on_request_headers");
        onRequestBody = get("proxy_on_request_body");
        onResponseHeaders = get("proxy_on_response_headers");
        onResponseBody = get("proxy_on_response_body");
    }

    @Nullable
    ExportFunction get(String name) {
        return functions.get(name);
    }
}
