package io.edgeway.plugin.wasm;

import io.vertx.core.MultiMap;
import java.util.AbstractMap.SimpleEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The functions of proxy-wasm that read and change headers. */
final class HeaderCalls {
    private final Guest guest;
    private final Hosted hosted;

    HeaderCalls(Guest guest, Hosted hosted) {
        this.guest = guest;
        this.hosted = hosted;
    }

    void into(BiConsumer<String, HostCalls.Call> env) {
        env.accept("proxy_get_header_map_value", a -> {
            List<String> values = values((int) a[0], guest.memory.header((int) a[1], (int) a[2]));
            return values.isEmpty() ? Abi.NOT_FOUND : guest.memory.give(joined(values), (int) a[3], (int) a[4]);
        });
        env.accept("proxy_get_header_map_pairs", a -> {
            List<Map.Entry<String, String>> pairs = all((int) a[0]);
            return pairs == null ? Abi.BAD_ARGUMENT : guest.memory.give(Pairs.write(pairs), (int) a[1], (int) a[2]);
        });
        env.accept("proxy_get_header_map_size", a -> {
            List<Map.Entry<String, String>> pairs = all((int) a[0]);
            if (pairs == null) {
                return Abi.BAD_ARGUMENT;
            }
            guest.memory.writeInt((int) a[1], Pairs.write(pairs).length);
            return Abi.OK;
        });
        env.accept("proxy_add_header_map_value", a -> change(a, false));
        env.accept("proxy_replace_header_map_value", a -> change(a, true));
        env.accept("proxy_remove_header_map_value", a -> {
            HeaderName name = guest.memory.header((int) a[1], (int) a[2]);
            MultiMap map = writable((int) a[0]);
            if (map == null || !mayChange(name)) {
                return Abi.BAD_ARGUMENT;
            }
            map.remove(name.text());
            if ((int) a[0] == Abi.RESPONSE_HEADERS && guest.current != null) {
                guest.current.exchange().replyHeaders().remove(name.text());
            }
            return Abi.OK;
        });
        env.accept("proxy_set_header_map_pairs", a -> {
            MultiMap map = writable((int) a[0]);
            MultiMap pairs = (int) a[2] > HostCalls.MAX_TEXT ? null : guest.memory.pairs((int) a[1], (int) a[2]);
            if (map == null || pairs == null) {
                return Abi.BAD_ARGUMENT;
            }
            for (Map.Entry<String, String> pair : pairs) {
                if (!pair.getKey().startsWith(":") && !HeaderRules.fit(pair.getKey(), pair.getValue())) {
                    return Abi.BAD_ARGUMENT;
                }
            }
            for (String name : List.copyOf(map.names())) {
                if (mayChange(HeaderName.of(name))) {
                    map.remove(name);
                }
            }
            pairs.forEach((name, value) -> {
                if (mayChange(HeaderName.of(name))) {
                    map.add(name, value);
                }
            });
            return Abi.OK;
        });
    }

    private boolean mayChange(HeaderName name) {
        return name.changeable() && maySee(name);
    }

    private boolean maySee(HeaderName name) {
        return !name.secret() || hosted.options().credentials();
    }

    private int change(long[] a, boolean replace) {
        HeaderName name = guest.memory.header((int) a[1], (int) a[2]);
        String value = guest.memory.text((int) a[3], (int) a[4]);
        Visit visit = guest.current;
        if (name.pseudo() && visit != null && (int) a[0] == Abi.RESPONSE_HEADERS && visit.replied()) {
            if (!name.text().equals(":status") || !value.matches("[2-5]\\d\\d")) {
                return Abi.BAD_ARGUMENT;
            }
            visit.status(Integer.parseInt(value));
            return Abi.OK;
        }
        MultiMap map = writable((int) a[0]);
        if (visit == null || map == null || !mayChange(name) || !HeaderRules.line(value)) {
            return Abi.BAD_ARGUMENT;
        }
        if (!(replace && map.contains(name.text())) && !visit.mayAdd()) {
            return Abi.BAD_ARGUMENT;
        }
        if (replace) {
            map.set(name.text(), value);
            MultiMap own = visit.exchange().replyHeaders();
            if ((int) a[0] == Abi.RESPONSE_HEADERS && map != own) {
                own.remove(name.text());
            }
        } else {
            map.add(name.text(), value);
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

    /** Several values of a header as one (RFC 9110, section 5.3). */
    static byte[] joined(List<String> values) {
        return HostCalls.bytes(values.size() == 1 ? values.getFirst() : String.join(",", values));
    }

    /** The values of a header, or none. */
    List<String> values(int type, HeaderName header) {
        String name = header.text();
        if (header.pseudo()) {
            List<Map.Entry<String, String>> pairs = all(type);
            return pairs == null
                    ? List.of()
                    : pairs.stream()
                            .filter(pair -> pair.getKey().equals(name))
                            .map(Map.Entry::getValue)
                            .toList();
        }
        if (!maySee(header)) {
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
                Errands.CallReply call = guest.errands.reply();
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
                Errands.CallReply call = guest.errands.reply();
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
}
