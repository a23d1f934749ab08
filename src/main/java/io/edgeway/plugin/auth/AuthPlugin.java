package io.edgeway.plugin.auth;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Authenticator;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.vertx.core.Future;
import java.util.Map;
import java.util.Set;

/** Checks the bearer key, in OpenAI's header or Anthropic's. */
final class AuthPlugin implements Plugin, Authenticator {
    private static final String BEARER = "Bearer ";

    private final AuthConfig.Anonymous anonymous;
    private final Keys keys;

    AuthPlugin(AuthConfig.Anonymous anonymous, Keys keys) {
        this.anonymous = anonymous;
        this.keys = keys;
    }

    @Override
    public Future<Reply> handle(Exchange exchange, Next next) {
        return authenticate(exchange).compose(v -> next.handle(exchange));
    }

    @Override
    public Future<Void> authenticate(Exchange exchange) {
        String secret = secret(exchange);
        String id = secret == null ? null : keys.find(secret);
        if (id != null) {
            exchange.principal(new Principal(id, id, Set.of(), Set.of(), Map.of()));
        } else if (!admitsAnonymous(exchange)) {
            return Future.failedFuture(ApiException.unauthorized(
                    secret == null
                            ? "You didn't provide an API key. Send it in an Authorization header: 'Authorization: Bearer KEY'."
                            : "Incorrect API key provided. Ask the operator of this gateway for a key."));
        }
        exchange.passport().stamp(Stage.AUTHENTICATED);
        return Future.succeededFuture();
    }

    private boolean admitsAnonymous(Exchange exchange) {
        return switch (anonymous) {
            case ALWAYS -> true;
            case LOOPBACK -> isLoopback(exchange.remoteAddress());
            case NEVER -> false;
        };
    }

    private static boolean isLoopback(String address) {
        return address.startsWith("127.") || address.equals("::1") || address.startsWith("0:0:0:0:0:0:0:1");
    }

    private static String secret(Exchange exchange) {
        String authorization = exchange.requestHeader("authorization");
        if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            String secret = authorization.substring(BEARER.length()).trim();
            return secret.isEmpty() ? null : secret;
        }
        return exchange.requestHeader("x-api-key");
    }
}
