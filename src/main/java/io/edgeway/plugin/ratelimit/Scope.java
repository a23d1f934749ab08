package io.edgeway.plugin.ratelimit;

import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Models;
import io.netty.util.NetUtil;
import java.util.HexFormat;

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
        return bytes == null || bytes.length != IPV6_BYTES
                ? address
                : HexFormat.of().formatHex(bytes, 0, NETWORK_BYTES) + "/64";
    }
}
