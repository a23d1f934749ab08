package io.edgeway.plugin.wasm;

import com.dylibso.chicory.runtime.HostFunction;
import com.dylibso.chicory.runtime.ImportFunction;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.wasm.types.Import;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** The functions of proxy-wasm as one instance sees them. What is not here answers that it is not implemented. */
final class HostCalls {
    static final int MAX_TEXT = 1 << 20;
    private static final int INFO = 2;
    private static final long[] NOTHING = {};

    /** Every status as the result of a call; whoever gets one only reads it. */
    private static final long[][] RESULTS = LongStream.rangeClosed(0, Abi.UNIMPLEMENTED)
            .mapToObj(status -> new long[] {status})
            .toArray(long[][]::new);

    private final Guest guest;
    private final Hosted hosted;
    private final Journal journal;
    private final HeaderCalls headers;
    private final Map<String, Call> calls = new HashMap<>();

    /** A pointer or a length that leaves the module's memory. */
    static final class OutOfBounds extends RuntimeException {
        private static final long serialVersionUID = 1L;

        OutOfBounds() {
            super("a pointer leaves the module's memory", null, false, false);
        }
    }

    /** The module left by the door of WASI. */
    static final class Exit extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Exit(int code) {
            super("exited with " + code, null, false, false);
        }
    }

    /** Takes the arguments, gives a status of the ABI. */
    @FunctionalInterface
    interface Call {
        int run(long[] a);
    }

    HostCalls(Guest guest, Hosted hosted) {
        this.guest = guest;
        this.hosted = hosted;
        this.journal = new Journal(guest, hosted.name());
        this.headers = new HeaderCalls(guest, hosted);
        base();
        bodies();
        facts();
        headers.into(this::env);
        new WasiCalls(guest, journal).into(this::wasi);
    }

    /** What a module imports, bound. */
    ImportValues of(Module module) {
        List<ImportFunction> functions = new ArrayList<>();
        module.code().importSection().stream().forEach(wanted -> functions.add(bind(wanted)));
        return ImportValues.builder().withFunctions(functions).build();
    }

    private ImportFunction bind(Import wanted) {
        String signature = java.util.Objects.requireNonNull(Abi.imported(wanted.module(), wanted.name()));
        Call call = calls.getOrDefault(Abi.function(wanted.module(), wanted.name()), a -> Abi.UNIMPLEMENTED);
        boolean silent = signature.endsWith(")");
        return new HostFunction(wanted.module(), wanted.name(), Abi.type(signature), (instance, arguments) -> {
            int status;
            try {
                status = call.run(arguments);
            } catch (OutOfBounds e) {
                status = Abi.INVALID_MEMORY_ACCESS;
            }
            guest.limiter().check();
            return silent ? NOTHING : RESULTS[status];
        });
    }

    private void env(String name, Call call) {
        calls.put(Abi.ENV + '.' + name, call);
    }

    private void wasi(String name, Call call) {
        calls.put(Abi.WASI + '.' + name, call);
    }

    private void base() {
        env("proxy_log", a -> journal.write((int) a[0], (int) a[1], (int) a[2]));
        env("proxy_get_log_level", a -> {
            guest.memory.writeInt((int) a[0], INFO);
            return Abi.OK;
        });
        env("proxy_get_current_time_nanoseconds", a -> {
            guest.memory.writeLong((int) a[0], Journal.now());
            return Abi.OK;
        });
        env("proxy_set_tick_period_milliseconds", a -> guest.errands.tick(a[0] & 0xffffffffL));
        env("proxy_set_effective_context", a -> {
            Visit visit = guest.visit((int) a[0]);
            if (visit == null && a[0] != Guest.ROOT) {
                return Abi.BAD_ARGUMENT;
            }
            guest.current = visit;
            return Abi.OK;
        });
        env("proxy_done", a -> Abi.OK);
        env("proxy_clear_route_cache", a -> Abi.OK);
        env("proxy_get_status", a -> {
            Errands.CallReply reply = guest.errands.reply();
            String status = reply == null ? null : reply.headers().get(":status");
            guest.memory.writeInt((int) a[0], status == null ? 0 : Integer.parseInt(status));
            return guest.memory.give(new byte[0], (int) a[1], (int) a[2]);
        });
        env("proxy_continue_stream", a -> {
            Visit visit = guest.current;
            if (visit == null) {
                return Abi.BAD_ARGUMENT;
            }
            visit.resume();
            return Abi.OK;
        });
        env("proxy_send_local_response", this::respond);
        env("proxy_http_call", a -> {
            if ((int) a[3] > MAX_TEXT || (int) a[5] > MAX_TEXT) {
                return Abi.BAD_ARGUMENT;
            }
            MultiMap headers = guest.memory.pairs((int) a[2], (int) a[3]);
            if (headers == null) {
                return Abi.BAD_ARGUMENT;
            }
            String upstream = guest.memory.text((int) a[0], (int) a[1]);
            byte[] body = guest.memory.bytes((int) a[4], (int) a[5]);
            return guest.errands.request(upstream, headers, body, a[8] & 0xffffffffL, (int) a[9]);
        });
        env("proxy_define_metric", a -> {
            int id = hosted.metrics().define((int) a[0], guest.memory.text((int) a[1], (int) a[2]));
            if (id < 0) {
                return Abi.BAD_ARGUMENT;
            }
            guest.memory.writeInt((int) a[3], id);
            return Abi.OK;
        });
        env("proxy_increment_metric", a -> hosted.metrics().increment((int) a[0], a[1]));
        env("proxy_record_metric", a -> hosted.metrics().record((int) a[0], a[1]));
        env("proxy_get_metric", a -> {
            Long value = hosted.metrics().value((int) a[0]);
            if (value == null) {
                return Abi.NOT_FOUND;
            }
            guest.memory.writeLong((int) a[1], value);
            return Abi.OK;
        });
        env("proxy_get_shared_data", a -> {
            SharedData.Value value = hosted.data().get(guest.memory.text((int) a[0], (int) a[1]));
            if (value == null) {
                return Abi.NOT_FOUND;
            }
            guest.memory.writeInt((int) a[4], value.cas());
            return guest.memory.give(value.bytes(), (int) a[2], (int) a[3]);
        });
        env("proxy_set_shared_data", a -> {
            byte[] value = guest.memory.bytes((int) a[2], (int) a[3]);
            return hosted.data().set(guest.memory.text((int) a[0], (int) a[1]), value, (int) a[4]);
        });
    }

    private int respond(long[] a) {
        Visit visit = guest.current;
        if (visit == null || (int) a[4] > MAX_TEXT || (int) a[6] > MAX_TEXT) {
            return Abi.BAD_ARGUMENT;
        }
        MultiMap headers = guest.memory.pairs((int) a[5], (int) a[6]);
        if (headers == null) {
            return Abi.BAD_ARGUMENT;
        }
        String details = guest.memory.text((int) a[1], (int) a[2]);
        return visit.respond((int) a[0], details, Buffer.buffer(guest.memory.bytes((int) a[3], (int) a[4])), headers);
    }

    // Bodies.

    private void bodies() {
        env("proxy_get_buffer_bytes", a -> {
            Buffer buffer = buffer((int) a[0]);
            if (buffer == null) {
                return Abi.NOT_FOUND;
            }
            int start = (int) a[1];
            if (start < 0 || start > buffer.length()) {
                return Abi.BAD_ARGUMENT;
            }
            int length = (int) Math.min(a[2] & 0xffffffffL, buffer.length() - start);
            return guest.memory.give(buffer.getBytes(start, start + length), (int) a[3], (int) a[4]);
        });
        env("proxy_set_buffer_bytes", a -> {
            Visit visit = guest.current;
            if (visit == null || buffer((int) a[0]) == null || a[0] > Abi.RESPONSE_BODY) {
                return Abi.BAD_ARGUMENT;
            }
            int length = (int) Math.min(a[2] & 0xffffffffL, Integer.MAX_VALUE);
            return visit.write((int) a[1], length, guest.memory.bytes((int) a[3], (int) a[4]));
        });
        env("proxy_get_buffer_status", a -> {
            Buffer buffer = buffer((int) a[0]);
            if (buffer == null) {
                return Abi.NOT_FOUND;
            }
            guest.memory.writeInt((int) a[1], buffer.length());
            guest.memory.writeInt((int) a[2], 0);
            return Abi.OK;
        });
    }

    private @Nullable Buffer buffer(int type) {
        Visit visit = guest.current;
        switch (type) {
            case Abi.REQUEST_BODY:
                return visit == null ? null : visit.requestBody();
            case Abi.RESPONSE_BODY:
                return visit == null ? null : visit.responseBody();
            case Abi.CALL_BODY:
                Errands.CallReply reply = guest.errands.reply();
                return reply == null ? null : reply.body();
            case Abi.VM_CONFIGURATION:
                return Buffer.buffer();
            case Abi.PLUGIN_CONFIGURATION:
                return Buffer.buffer(guest.configuration());
            default:
                return null;
        }
    }

    // Properties.

    private void facts() {
        env("proxy_get_property", a -> {
            Property property = guest.memory.property((int) a[0], (int) a[1]);
            Visit visit = guest.current;
            byte[] value;
            if (visit == null) {
                value = Facts.plugin(hosted, property.path());
            } else if (property.header() != null) {
                List<String> values = headers.values(Abi.REQUEST_HEADERS, property.header());
                value = values.isEmpty() ? null : HeaderCalls.joined(values);
            } else {
                value = property.reader().read(visit);
            }
            return value == null ? Abi.NOT_FOUND : guest.memory.give(value, (int) a[2], (int) a[3]);
        });
        env("proxy_set_property", a -> {
            Visit visit = guest.current;
            if (visit == null || (int) a[3] > MAX_TEXT) {
                return Abi.BAD_ARGUMENT;
            }
            String path = guest.memory.property((int) a[0], (int) a[1]).path();
            if (visit.replied() && path.startsWith("ai.")) {
                return Abi.BAD_ARGUMENT;
            }
            return Facts.set(visit.exchange(), path, guest.memory.bytes((int) a[2], (int) a[3]));
        });
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
