package io.edgeway.plugin.auth;

import io.edgeway.pipeline.Exchange;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;

/** Tells programs of this machine from what only seems to come from it. */
final class Loopback {
    /*
     * A proxy on this machine forwards strangers from a loopback address, and a browser on it sends what any web page
     * asks it to. So a request that was forwarded, that names another host (DNS rebinding), or that a page of another
     * site made, is not a local program's.
     */
    private static final List<String> FORWARDED = List.of("x-forwarded-for", "forwarded", "via", "x-real-ip");

    private Loopback() {}

    static boolean made(Exchange exchange) {
        if (!isLoopback(exchange.remoteAddress())) {
            return false;
        }
        for (String header : FORWARDED) {
            if (exchange.requestHeader(header) != null) {
                return false;
            }
        }
        String host = exchange.requestHeader("host");
        if (host != null && !isLocalName(withoutPort(host))) {
            return false;
        }
        String origin = exchange.requestHeader("origin");
        return origin == null || isLocalOrigin(origin);
    }

    private static boolean isLocalOrigin(String origin) {
        try {
            String host = URI.create(origin).getHost();
            return host != null && isLocalName(host);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static String withoutPort(String host) {
        int end = host.startsWith("[") ? host.indexOf(']') + 1 : host.lastIndexOf(':');
        return end > 0 && end <= host.length() ? host.substring(0, end) : host;
    }

    private static boolean isLocalName(String host) {
        String name = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        return name.equalsIgnoreCase("localhost") || isLoopback(name);
    }

    static boolean isLoopback(String address) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        try {
            return bytes != null && InetAddress.getByAddress(bytes).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
