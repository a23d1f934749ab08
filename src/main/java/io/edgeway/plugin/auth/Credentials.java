package io.edgeway.plugin.auth;

import io.edgeway.pipeline.Exchange;

/** Finds the secret in a request: OpenAI's header, Anthropic's or Azure's. */
final class Credentials {
    private static final String BEARER = "Bearer ";
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
        return key == null ? null : key.trim();
    }
}
