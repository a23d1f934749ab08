package io.edgeway.plugin.auth;

import io.edgeway.pipeline.Exchange;

/** Finds the secret in a request: OpenAI's header, Anthropic's, Azure's, or what a browser's WebSocket can send. */
final class Credentials {
    private static final String BEARER = "Bearer ";
    private static final String PROTOCOL = "openai-insecure-api-key.";
    private static final int MAX_LENGTH = 8192;

    private Credentials() {}

    /** The secret, or null. */
    static String of(Exchange exchange) {
        String secret = find(exchange);
        return secret == null || secret.isEmpty() || secret.length() > MAX_LENGTH ? null : secret;
    }

    private static String find(Exchange exchange) {
        String authorization = exchange.requestHeader("authorization");
        if (authorization != null) {
            return authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
                    ? authorization.substring(BEARER.length()).trim()
                    : null;
        }
        String key = exchange.requestHeader("x-api-key");
        if (key == null) {
            key = exchange.requestHeader("api-key");
        }
        return key != null ? key.trim() : fromProtocols(exchange.requestHeader("sec-websocket-protocol"));
    }

    private static String fromProtocols(String protocols) {
        if (protocols != null) {
            for (String protocol : protocols.split(",")) {
                String name = protocol.trim();
                if (name.startsWith(PROTOCOL)) {
                    return name.substring(PROTOCOL.length());
                }
            }
        }
        return null;
    }
}
