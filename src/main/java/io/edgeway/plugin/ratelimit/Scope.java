package io.edgeway.plugin.ratelimit;

import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Models;
import io.netty.util.NetUtil;

/** Whose counters an exchange draws from. */
public enum Scope {
    /** The virtual key; an anonymous caller is known by its address. */
    KEY {
        @Override
        String of(Exchange exchange, Models models) {
            String id = exchange.principal().keyId();
            return id == null ? "anonymous@" + network(exchange.remoteAddress()) : id;
        }
    },
    TENANT {
        @Override
        String of(Exchange exchange, Models models) {
            return exchange.principal().tenant();
        }
    },
    /** The client's address; of an IPv6 address its /64, which one customer has whole. */
    ADDRESS {
        @Override
        String of(Exchange exchange, Models models) {
            return network(exchange.remoteAddress());
        }
    },
    MODEL {
        @Override
        String of(Exchange exchange, Models models) {
            String model = exchange.model();
            return models.find(model) == null ? "unknown" : model;
        }
    },
    ROUTE {
        @Override
        String of(Exchange exchange, Models models) {
            return exchange.path();
        }
    },
    /** Everyone together. */
    ALL {
        @Override
        String of(Exchange exchange, Models models) {
            return "all";
        }
    };

    private static final int IPV6_BYTES = 16;
    private static final int NETWORK_BYTES = 8;

    abstract String of(Exchange exchange, Models models);

    private static String network(String address) {
        if (address.indexOf(':') < 0) {
            return address;
        }
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        return bytes == null || bytes.length != IPV6_BYTES ? address : text(bytes);
    }

    /** As in {@code 2001:db8:0:1::/64}. */
    private static String text(byte[] bytes) {
        StringBuilder out = new StringBuilder(24);
        for (int i = 0; i < NETWORK_BYTES; i += 2) {
            out.append(Integer.toHexString((bytes[i] & 0xff) << 8 | bytes[i + 1] & 0xff))
                    .append(':');
        }
        return out.append(":/64").toString();
    }
}
