package io.edgeway.plugin.auth;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Authenticator;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.micrometer.core.instrument.Counter;
import io.vertx.core.Future;
import java.time.Clock;
import org.jboss.logging.Logger;

/** Checks what the caller shows, and that it may use the route and model it asks for. */
final class AuthPlugin implements Plugin, Authenticator {
    private static final Logger LOG = Logger.getLogger(AuthPlugin.class);

    private final AuthConfig.Anonymous anonymous;
    private final Watched<Keys> keys;
    private final Watched<Tokens> tokens;
    private final PluginContext context;
    private final Clock clock;
    private final Counter byKey;
    private final Counter byToken;
    private final Counter withoutKey;
    private final Counter refused;

    AuthPlugin(
            String name,
            AuthConfig.Anonymous anonymous,
            Watched<Keys> keys,
            Watched<Tokens> tokens,
            PluginContext context,
            Clock clock) {
        this.anonymous = anonymous;
        this.keys = keys;
        this.tokens = tokens;
        this.context = context;
        this.clock = clock;
        this.byKey = counter(name, "key");
        this.byToken = counter(name, "token");
        this.withoutKey = counter(name, "anonymous");
        this.refused = counter(name, "refused");
    }

    private Counter counter(String plugin, String outcome) {
        return Counter.builder("edgeway.auth.decisions")
                .description("Callers let in by key, by token or without either, and callers refused")
                .tags("plugin", plugin, "outcome", outcome)
                .register(context.meters());
    }

    @Override
    public Future<Void> start() {
        return context.vertx().executeBlocking(() -> {
            keys.start(context.vertx());
            tokens.start(context.vertx());
            return null;
        });
    }

    @Override
    public void close() {
        keys.stop();
        tokens.stop();
    }

    @Override
    public Future<Reply> handle(Exchange exchange, Next next) {
        return authenticate(exchange).compose(v -> {
            permit(exchange);
            return next.handle(exchange);
        });
    }

    @Override
    public Future<Void> authenticate(Exchange exchange) {
        String secret = Credentials.of(exchange);
        if (secret != null) {
            Principal principal = keys.get().find(secret, clock.instant());
            if (principal != null) {
                return admit(exchange, principal, byKey);
            }
            Tokens known = tokens.get();
            if (known != null && Tokens.looksLike(secret)) {
                return known.check(secret)
                        .recover(failure -> {
                            LOG.debugf("Refused a token: %s", failure.getMessage());
                            return Future.failedFuture(
                                    refuse(exchange, "The token is not valid here, or no longer. Get a new one."));
                        })
                        .compose(holder -> admit(exchange, holder, byToken));
            }
        }
        if (admitsAnonymous(exchange)) {
            return admit(exchange, Principal.ANONYMOUS, withoutKey);
        }
        return Future.failedFuture(refuse(
                exchange,
                secret == null
                        ? "You didn't provide an API key. Send it in an Authorization header: 'Authorization: Bearer KEY'."
                        : "Incorrect API key provided. Ask the operator of this gateway for a key."));
    }

    private static Future<Void> admit(Exchange exchange, Principal principal, Counter how) {
        how.increment();
        exchange.principal(principal);
        exchange.passport().stamp(Stage.AUTHENTICATED);
        return Future.succeededFuture();
    }

    private ApiException refuse(Exchange exchange, String message) {
        refused.increment();
        exchange.replyHeaders().set("www-authenticate", "Bearer");
        return ApiException.unauthorized(message);
    }

    private boolean admitsAnonymous(Exchange exchange) {
        return switch (anonymous) {
            case ALWAYS -> true;
            case LOOPBACK -> Loopback.made(exchange);
            case NEVER -> false;
        };
    }

    @Override
    public void permit(Exchange exchange) {
        Principal principal = exchange.principal();
        if (!principal.routes().isEmpty() && !principal.routes().contains(exchange.path())) {
            throw ApiException.forbidden(
                    "route_not_allowed",
                    "This key may not use " + exchange.path() + "; it may use "
                            + String.join(
                                    ", ", principal.routes().stream().sorted().toList()) + '.');
        }
        if (!principal.models().isEmpty() && !principal.mayUse(exchange.model())) {
            throw ApiException.modelNotFound(exchange.model());
        }
    }
}
