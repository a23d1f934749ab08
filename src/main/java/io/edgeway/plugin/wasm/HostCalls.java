package io.edgeway.plugin.wasm;

import com.dylibso.chicory.runtime.HostFunction;
import com.dylibso.chicory.runtime.ImportFunction;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.wasm.types.Import;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.AbstractMap.SimpleEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.LongStream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** The functions of proxy-wasm as one instance sees them. What is not here answers that it is not implemented. */
final class HostCalls {
    private static final int MAX_LOG = 1024;
    private static final int MAX_TEXT = 1 << 20;
    private static final long LOG_PER_SECOND = 100;
    private static final int INFO = 2;
    private static final long[] NOTHING = {};

    /** Every status as the result of a call; whoever gets one only reads it. */
    private static final long[][] RESULTS = LongStream.rangeClosed(0, Abi.UNIMPLEMENTED)
            .mapToObj(status -> new long[] {status})
            .toArray(long[][]::new);

    private final Guest guest;
    private final Hosted hosted;
    private final Logger log;
    private final Map<String, Call> calls = new HashMap<>();
    private long logSecond;
    private long logged;

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
    private interface Call {
        int run(long[] a);
    }

    HostCalls(Guest guest, Hosted hosted) {
        this.guest = guest;
        this.hosted = hosted;
        this.log = Logger.getLogger("io.edgeway.wasm." + hosted.name());
        base();
        headers();
        bodies();
        facts();
        wasi();
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
        env("proxy_log", a -> log((int) a[0], (int) a[1], (int) a[2]));
        env("proxy_get_log_level", a -> {
            guest.writeInt((int) a[0], INFO);
            return Abi.OK;
        });
        env("proxy_get_current_time_nanoseconds", a -> {
            guest.writeLong((int) a[0], now());
            return Abi.OK;
        });
        env("proxy_set_tick_period_milliseconds", a -> guest.tick(a[0] & 0xffffffffL));
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
            Guest.CallReply reply = guest.callReply;
            String status = reply == null ? null : reply.headers().get(":status");
            guest.writeInt((int) a[0], status == null ? 0 : Integer.parseInt(status));
            return guest.give(new byte[0], (int) a[1], (int) a[2]);
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
            MultiMap headers = pairs((int) a[2], (int) a[3]);
            if (headers == null) {
                return Abi.BAD_ARGUMENT;
            }
            String upstream = guest.text((int) a[0], (int) a[1]);
            byte[] body = guest.bytes((int) a[4], (int) a[5]);
            return guest.request(upstream, headers, body, a[8] & 0xffffffffL, (int) a[9]);
        });
        env("proxy_define_metric", a -> {
            int id = hosted.metrics().define((int) a[0], guest.text((int) a[1], (int) a[2]));
            if (id < 0) {
                return Abi.BAD_ARGUMENT;
            }
            guest.writeInt((int) a[3], id);
            return Abi.OK;
        });
        env("proxy_increment_metric", a -> hosted.metrics().increment((int) a[0], a[1]));
        env("proxy_record_metric", a -> hosted.metrics().record((int) a[0], a[1]));
        env("proxy_get_metric", a -> {
            Long value = hosted.metrics().value((int) a[0]);
            if (value == null) {
                return Abi.NOT_FOUND;
            }
            guest.writeLong((int) a[1], value);
            return Abi.OK;
        });
        env("proxy_get_shared_data", a -> {
            SharedData.Value value = hosted.data().get(guest.text((int) a[0], (int) a[1]));
            if (value == null) {
                return Abi.NOT_FOUND;
            }
            guest.writeInt((int) a[4], value.cas());
            return guest.give(value.bytes(), (int) a[2], (int) a[3]);
        });
        env("proxy_set_shared_data", a -> {
            byte[] value = guest.bytes((int) a[2], (int) a[3]);
            return hosted.data().set(guest.text((int) a[0], (int) a[1]), value, (int) a[4]);
        });
    }

    private static long now() {
        java.time.Instant now = java.time.Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    /** The module writes one line; what would look like another is replaced. */
    private int log(int level, int at, int length) {
        String text = guest.text(at, Math.min(length, MAX_LOG)).replaceAll("\\p{Cntrl}", " ");
        long second = System.nanoTime() / 1_000_000_000;
        if (second != logSecond) {
            logSecond = second;
            logged = 0;
        }
        if (++logged > LOG_PER_SECOND) {
            return Abi.OK;
        }
        switch (level) {
            case 0 -> log.trace(text);
            case 1 -> log.debug(text);
            case 2 -> log.info(text);
            case 3 -> log.warn(text);
            case 4, 5 -> log.error(text);
            default -> {
                return Abi.BAD_ARGUMENT;
            }
        }
        return Abi.OK;
    }

    private int respond(long[] a) {
        Visit visit = guest.current;
        if (visit == null || (int) a[4] > MAX_TEXT || (int) a[6] > MAX_TEXT) {
            return Abi.BAD_ARGUMENT;
        }
        MultiMap headers = pairs((int) a[5], (int) a[6]);
        if (headers == null) {
            return Abi.BAD_ARGUMENT;
        }
        String details = guest.text((int) a[1], (int) a[2]);
        return visit.respond((int) a[0], details, Buffer.buffer(guest.bytes((int) a[3], (int) a[4])), headers);
    }

    private @Nullable MultiMap pairs(int at, int length) {
        try {
            return Pairs.read(guest.bytes(at, length));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    // Headers.

    private void headers() {
        env("proxy_get_header_map_value", a -> {
            List<String> values = values((int) a[0], guest.name((int) a[1], (int) a[2]));
            return values.isEmpty()
                    ? Abi.NOT_FOUND
                    : guest.give(bytes(String.join(",", values)), (int) a[3], (int) a[4]);
        });
        env("proxy_get_header_map_pairs", a -> {
            List<Map.Entry<String, String>> pairs = all((int) a[0]);
            return pairs == null ? Abi.BAD_ARGUMENT : guest.give(Pairs.write(pairs), (int) a[1], (int) a[2]);
        });
        env("proxy_get_header_map_size", a -> {
            List<Map.Entry<String, String>> pairs = all((int) a[0]);
            if (pairs == null) {
                return Abi.BAD_ARGUMENT;
            }
            guest.writeInt((int) a[1], Pairs.write(pairs).length);
            return Abi.OK;
        });
        env("proxy_add_header_map_value", a -> change(a, false));
        env("proxy_replace_header_map_value", a -> change(a, true));
        env("proxy_remove_header_map_value", a -> {
            String name = guest.name((int) a[1], (int) a[2]);
            MultiMap map = writable((int) a[0]);
            if (map == null || !mayChange(name)) {
                return Abi.BAD_ARGUMENT;
            }
            map.remove(name);
            if ((int) a[0] == Abi.RESPONSE_HEADERS && guest.current != null) {
                guest.current.exchange().replyHeaders().remove(name);
            }
            return Abi.OK;
        });
        env("proxy_set_header_map_pairs", a -> {
            MultiMap map = writable((int) a[0]);
            MultiMap pairs = (int) a[2] > MAX_TEXT ? null : pairs((int) a[1], (int) a[2]);
            if (map == null || pairs == null) {
                return Abi.BAD_ARGUMENT;
            }
            for (Map.Entry<String, String> pair : pairs) {
                if (!pair.getKey().startsWith(":") && !HeaderRules.fit(pair.getKey(), pair.getValue())) {
                    return Abi.BAD_ARGUMENT;
                }
            }
            for (String name : List.copyOf(map.names())) {
                if (mayChange(name)) {
                    map.remove(name);
                }
            }
            pairs.forEach((name, value) -> {
                if (mayChange(name)) {
                    map.add(name, value);
                }
            });
            return Abi.OK;
        });
    }

    private boolean mayChange(String name) {
        return !name.startsWith(":")
                && HeaderRules.mayChange(name)
                && (hosted.options().credentials() || !HeaderRules.secret(name));
    }

    private int change(long[] a, boolean replace) {
        String name = guest.name((int) a[1], (int) a[2]);
        String value = guest.text((int) a[3], (int) a[4]);
        Visit visit = guest.current;
        if (visit != null && (int) a[0] == Abi.RESPONSE_HEADERS && name.equals(":status") && visit.replied()) {
            if (!value.matches("[2-5]\\d\\d")) {
                return Abi.BAD_ARGUMENT;
            }
            visit.status(Integer.parseInt(value));
            return Abi.OK;
        }
        MultiMap map = writable((int) a[0]);
        if (map == null || !mayChange(name) || !HeaderRules.fit(name, value) || map.size() >= HeaderRules.MAX_COUNT) {
            return Abi.BAD_ARGUMENT;
        }
        if (replace) {
            map.set(name, value);
            if ((int) a[0] == Abi.RESPONSE_HEADERS && visit != null) {
                visit.exchange().replyHeaders().remove(name);
            }
        } else {
            map.add(name, value);
        }
        return Abi.OK;
    }

    private @Nullable MultiMap writable(int type) {
        Visit visit = guest.current;
        if (visit == null) {
            return null;
        }
        // Before there is a reply, what is set is carried by whatever will answer.
        return switch (type) {
            case Abi.REQUEST_HEADERS ->
                visit.replied() ? null : visit.exchange().requestHeaders();
            case Abi.RESPONSE_HEADERS -> {
                MultiMap own = visit.replyHeaders();
                yield own != null ? own : visit.exchange().replyHeaders();
            }
            default -> null;
        };
    }

    private List<String> values(int type, String name) {
        if (name.startsWith(":")) {
            List<Map.Entry<String, String>> pairs = all(type);
            return pairs == null
                    ? List.of()
                    : pairs.stream()
                            .filter(pair -> pair.getKey().equals(name))
                            .map(Map.Entry::getValue)
                            .toList();
        }
        if (!hosted.options().credentials() && HeaderRules.secret(name)) {
            return List.of();
        }
        Visit visit = guest.current;
        switch (type) {
            case Abi.REQUEST_HEADERS:
                return visit == null
                        ? List.of()
                        : visit.exchange().requestHeaders().getAll(name);
            case Abi.RESPONSE_HEADERS:
                if (visit == null) {
                    return List.of();
                }
                List<String> ours = visit.exchange().replyHeaders().getAll(name);
                MultiMap reply = visit.replyHeaders();
                return ours.isEmpty() && reply != null ? reply.getAll(name) : ours;
            case Abi.CALL_HEADERS:
                Guest.CallReply call = guest.callReply;
                return call == null ? List.of() : call.headers().getAll(name);
            default:
                return List.of();
        }
    }

    private @Nullable List<Map.Entry<String, String>> all(int type) {
        List<Map.Entry<String, String>> pairs = new ArrayList<>();
        Visit visit = guest.current;
        switch (type) {
            case Abi.REQUEST_HEADERS -> {
                if (visit == null) {
                    return null;
                }
                String host = visit.exchange().requestHeader("host");
                pairs.add(new SimpleEntry<>(":method", "POST"));
                pairs.add(new SimpleEntry<>(":path", visit.exchange().path()));
                pairs.add(new SimpleEntry<>(":authority", host == null ? "" : host));
                pairs.add(new SimpleEntry<>(":scheme", "http"));
                show(visit.exchange().requestHeaders(), pairs);
            }
            case Abi.RESPONSE_HEADERS -> {
                if (visit == null) {
                    return null;
                }
                MultiMap reply = visit.replyHeaders();
                if (reply != null) {
                    pairs.add(new SimpleEntry<>(":status", String.valueOf(visit.status())));
                    show(reply, pairs);
                }
                show(visit.exchange().replyHeaders(), pairs);
            }
            case Abi.CALL_HEADERS -> {
                Guest.CallReply call = guest.callReply;
                if (call == null) {
                    return null;
                }
                show(call.headers(), pairs);
            }
            default -> {
                return null;
            }
        }
        return pairs;
    }

    private void show(MultiMap map, List<Map.Entry<String, String>> pairs) {
        map.forEach((name, value) -> {
            if (hosted.options().credentials() || !HeaderRules.secret(name)) {
                pairs.add(new SimpleEntry<>(name.toLowerCase(java.util.Locale.ROOT), value));
            }
        });
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
            return guest.give(buffer.getBytes(start, start + length), (int) a[3], (int) a[4]);
        });
        env("proxy_set_buffer_bytes", a -> {
            Visit visit = guest.current;
            if (visit == null || buffer((int) a[0]) == null || a[0] > Abi.RESPONSE_BODY) {
                return Abi.BAD_ARGUMENT;
            }
            int length = (int) Math.min(a[2] & 0xffffffffL, Integer.MAX_VALUE);
            return visit.write((int) a[1], length, guest.bytes((int) a[3], (int) a[4]));
        });
        env("proxy_get_buffer_status", a -> {
            Buffer buffer = buffer((int) a[0]);
            if (buffer == null) {
                return Abi.NOT_FOUND;
            }
            guest.writeInt((int) a[1], buffer.length());
            guest.writeInt((int) a[2], 0);
            return Abi.OK;
        });
    }

    private @Nullable Buffer buffer(int type) {
        Visit visit = guest.current;
        return switch (type) {
            case Abi.REQUEST_BODY -> visit == null ? null : visit.requestBody();
            case Abi.RESPONSE_BODY -> visit == null ? null : visit.responseBody();
            case Abi.CALL_BODY -> guest.callReply == null ? null : guest.callReply.body();
            case Abi.VM_CONFIGURATION -> Buffer.buffer();
            case Abi.PLUGIN_CONFIGURATION -> Buffer.buffer(guest.configuration());
            default -> null;
        };
    }

    // Properties.

    private void facts() {
        env("proxy_get_property", a -> {
            String path = guest.path((int) a[0], (int) a[1]);
            byte[] value =
                    switch (path) {
                        case "plugin_name" -> bytes(hosted.name());
                        case "plugin_root_id" -> bytes(hosted.options().rootId().orElse(""));
                        case "plugin_vm_id" -> bytes("edgeway");
                        default -> fact(path);
                    };
            return value == null ? Abi.NOT_FOUND : guest.give(value, (int) a[2], (int) a[3]);
        });
        env("proxy_set_property", a -> {
            Visit visit = guest.current;
            if (visit == null || (int) a[3] > MAX_TEXT) {
                return Abi.BAD_ARGUMENT;
            }
            String path = guest.path((int) a[0], (int) a[1]);
            if (visit.replied() && path.startsWith("ai.")) {
                return Abi.BAD_ARGUMENT;
            }
            return Facts.set(visit.exchange(), path, guest.bytes((int) a[2], (int) a[3]));
        });
    }

    private byte @Nullable [] fact(String path) {
        Visit visit = guest.current;
        if (visit == null) {
            return null;
        }
        if (path.startsWith("request.headers.")) {
            List<String> values = values(Abi.REQUEST_HEADERS, path.substring("request.headers.".length()));
            return values.isEmpty() ? null : bytes(String.join(",", values));
        }
        return Facts.get(visit.exchange(), visit.status(), path);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    // What the runtimes of some languages need of WASI to start; there are no files and no arguments behind it.

    private void wasi() {
        wasi("proc_exit", a -> {
            throw new Exit((int) a[0]);
        });
        wasi("fd_write", a -> {
            int written = 0;
            for (int i = 0; i < Math.min(a[2], 16); i++) {
                byte[] entry = guest.bytes((int) a[1] + i * 8, 8);
                int at = little(entry, 0);
                int length = little(entry, 4);
                if (a[0] == 1 || a[0] == 2) {
                    log(a[0] == 1 ? 2 : 4, at, length);
                }
                written += length;
            }
            guest.writeInt((int) a[3], written);
            return Abi.OK;
        });
        wasi("random_get", a -> {
            int length = (int) a[1];
            if (length < 0 || length > MAX_TEXT) {
                return Abi.BAD_ARGUMENT;
            }
            byte[] random = new byte[length];
            ThreadLocalRandom.current().nextBytes(random);
            guest.writeBytes((int) a[0], random);
            return Abi.OK;
        });
        wasi("clock_time_get", a -> {
            guest.writeLong((int) a[2], a[0] == 0 ? now() : System.nanoTime());
            return Abi.OK;
        });
        for (String name : List.of("environ_sizes_get", "args_sizes_get")) {
            wasi(name, a -> {
                guest.writeInt((int) a[0], 0);
                guest.writeInt((int) a[1], 0);
                return Abi.OK;
            });
        }
        wasi("environ_get", a -> Abi.OK);
        wasi("args_get", a -> Abi.OK);
    }

    private static int little(byte[] bytes, int at) {
        return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | bytes[at + 3] << 24;
    }
}
