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
import io.vertx.core.Promise;
import java.time.Clock;
import org.jboss.logging.Logger;

/** Checks what the caller shows, and that it may use the route and model it asks for. */
final class AuthPlugin implements Plugin, Authenticator {
    private static final Logger LOG = Logger.getLogger(AuthPlugin.class);

    private final AuthConfig.Anonymous anonymous;
    private final AuthConfig.Jwt jwt;
    private final Watched<Keys> keys;
    private final Watched<Tokens> tokens;
    private final PluginContext context;
    private final Clock clock;
    private final Counter byKey;
    private final Counter byToken;
    private final Counter withoutKey;
    private final Counter refused;
    private final Counter fetched;
    private final Counter unfetched;
    /** Null where tokens are checked with a file, or not at all. */
    private RemoteKeys remote;

    AuthPlugin(
            String name,
            AuthConfig options,
            Watched<Keys> keys,
            Watched<Tokens> tokens,
            PluginContext context,
            Clock clock) {
        this.anonymous = options.anonymous();
        this.jwt = options.jwt();
        this.keys = keys;
        this.tokens = tokens;
        this.context = context;
        this.clock = clock;
        this.byKey = counter(name, "key");
        this.byToken = counter(name, "token");
        this.withoutKey = counter(name, "anonymous");
        this.refused = counter(name, "refused");
        this.fetched = fetches(name, "fetched");
        this.unfetched = fetches(name, "failed");
    }

    private Counter counter(String plugin, String outcome) {
        return Counter.builder("edgeway.auth.decisions")
                .description("Callers let in by key, by token or without either, and callers refused")
                .tags("plugin", plugin, "outcome", outcome)
                .register(context.meters());
    }

    private Counter fetches(String plugin, String outcome) {
        return Counter.builder("edgeway.auth.key.fetches")
                .description("Fetches of an identity provider's keys")
                .tags("plugin", plugin, "outcome", outcome)
                .register(context.meters());
    }

    @Override
    public Future<Void> start() {
        if (jwt.jwksUrl().isPresent() || jwt.discover()) {
            remote = context.shared(
                    RemoteKeys.identity(jwt),
                    () -> new RemoteKeys(
                            context.vertx(), jwt, System::nanoTime, well -> (well ? fetched : unfetched).increment()));
        }
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
            if (Tokens.looksLike(secret) && (remote != null || tokens.get() != null)) {
                return check(exchange, secret)
                        .recover(failure -> {
                            if (failure instanceof ApiException) {
                                return Future.failedFuture(failure);
                            }
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

    private Future<Principal> check(Exchange exchange, String token) {
        try {
            if (remote == null) {
                return tokens.get().check(token);
            }
            return here(exchange, remote.find(Tokens.header(token).key()))
                    .recover(away -> Future.failedFuture(ApiException.unavailable(
                            "identity_provider_unavailable",
                            "The keys to check tokens with could not be fetched. Try again in a moment.",
                            5000)))
                    .compose(known -> known.check(token));
        } catch (IllegalArgumentException e) {
            return Future.failedFuture(e);
        }
    }

    /** Back from the loop that fetched to the exchange's own. */
    private static <T> Future<T> here(Exchange exchange, Future<T> there) {
        if (there.isComplete()) {
            return there;
        }
        Promise<T> here = Promise.promise();
        there.onComplete(result -> exchange.context().runOnContext(v -> here.handle(result)));
        return here.future();
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
