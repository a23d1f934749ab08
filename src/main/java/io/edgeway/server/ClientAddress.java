package io.edgeway.server;

import io.edgeway.config.GatewayConfig;
import io.edgeway.config.Network;
import io.netty.util.NetUtil;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.util.List;

/** The address of the client that a request comes from: the peer's, or what a proxy that is trusted says. */
final class ClientAddress {
    /*
     * Anybody may write X-Forwarded-For; only what trusted proxies appended counts. So it is read from the right:
     * addresses of trusted proxies are passed over, and the first other one is the client's. What stands left of that
     * is the client's own invention.
     */
    private static final String HEADER = "x-forwarded-for";
    private static final String UNKNOWN = "unknown";
    private static final int MAX_HOPS = 16;
    private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

    private ClientAddress() {}

    static String of(HttpServerRequest request, GatewayConfig.ServerConfig options) {
        SocketAddress remote = request.remoteAddress();
        String address = remote == null ? null : remote.hostAddress();
        String peer = address == null ? UNKNOWN : address;
        List<Network> trusted = options.trustedProxies().orElse(List.of());
        return trusted.isEmpty() ? peer : of(peer, request.headers().getAll(HEADER), trusted);
    }

    static String of(String peer, List<String> forwarded, List<Network> trusted) {
        String client = peer;
        int hops = 0;
        for (int line = forwarded.size() - 1; line >= 0; line--) {
            String[] addresses = forwarded.get(line).split(",", -1);
            for (int i = addresses.length - 1; i >= 0; i--) {
                if (!isTrusted(client, trusted) || hops++ == MAX_HOPS) {
                    return client;
                }
                String next = withoutPort(addresses[i].trim());
                if (!NetUtil.isValidIpV4Address(next) && !NetUtil.isValidIpV6Address(next)) {
                    return client;
                }
                client = plain(next);
            }
        }
        return client;
    }

    private static boolean isTrusted(String address, List<Network> trusted) {
        for (Network network : trusted) {
            if (network.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /** A proxy that listens on both families writes an IPv4 client as {@code ::ffff:192.0.2.1}. */
    private static String plain(String address) {
        if (address.indexOf(':') < 0) {
            return address;
        }
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        for (int i = 0; i < MAPPED.length; i++) {
            if (bytes[i] != MAPPED[i]) {
                return address;
            }
        }
        return NetUtil.bytesToIpAddress(bytes, MAPPED.length, bytes.length - MAPPED.length);
    }

    /** Some proxies append the port: {@code 192.0.2.1:4711}, {@code [2001:db8::1]:4711}. */
    private static String withoutPort(String address) {
        if (address.startsWith("[")) {
            int end = address.indexOf(']');
            return end < 0 ? address : address.substring(1, end);
        }
        int colon = address.indexOf(':');
        return colon > 0 && colon == address.lastIndexOf(':') ? address.substring(0, colon) : address;
    }
}
