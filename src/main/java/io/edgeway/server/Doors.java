package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.assembly.Gateway;
import io.edgeway.assembly.Gateways;
import io.edgeway.config.GatewayConfig;
import io.edgeway.server.dialect.CompletionsInterpreter;
import io.edgeway.server.dialect.Conversations;
import io.edgeway.server.dialect.Interpreter;
import io.edgeway.server.dialect.MessagesInterpreter;
import io.edgeway.server.dialect.ResponsesInterpreter;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jboss.logging.Logger;

/** Sends each request to the door of its path. */
final class Doors {
    private static final Logger LOG = Logger.getLogger(Doors.class);
    private static final long SWEEP_MILLIS = 3_600_000;

    private final Gateways gateways;
    private final InFlight inFlight;
    private final Map<String, Door> posts = new HashMap<>();
    private final ModelsDoor models = new ModelsDoor();
    private final PageDoor page = new PageDoor();
    private final Map<String, Door> prefixes = new LinkedHashMap<>();
    private final SocketDoor sockets;
    private final NodeJournal journal;
    private final Background background;
    private final Batches batches;

    Doors(Gateways gateways, InFlight inFlight, Exchanges metrics) {
        this.gateways = gateways;
        this.inFlight = inFlight;
        Conversations conversations = new Conversations(gateways::current);
        journal = new NodeJournal(gateways);
        JobQueue queue = new JobQueue(
                () -> options(gateways).workers(), () -> options(gateways).queue());
        background = new Background(gateways, inFlight, metrics, journal, queue);
        conversations.elsewhere(background::find);
        sockets = new SocketDoor(new SocketSession.Door(gateways, inFlight, metrics), conversations);
        posts.put(CountTokensDoor.PATH, new CountTokensDoor());
        Map<Dialect, Interpreter> translated = Map.of(
                Dialect.RESPONSES, new ResponsesInterpreter(conversations, background),
                Dialect.MESSAGES, new MessagesInterpreter(),
                Dialect.COMPLETIONS, new CompletionsInterpreter());
        FileShelf shelf = new FileShelf(journal, gateways.node().vertx());
        batches = new Batches(new Batches.Node(gateways, inFlight, metrics, translated, shelf), journal, queue);
        inFlight.onDrain(() -> {
            background.stop();
            batches.stop();
        });
        prefixes.put("/v1/responses/", new ResponsesDoor(conversations, background, inFlight, metrics));
        prefixes.put("/v1/files", new FilesDoor(shelf));
        prefixes.put("/v1/batches", new BatchesDoor(batches));
        for (Dialect dialect : Dialect.values()) {
            Interpreter interpreter = translated.get(dialect);
            posts.put(
                    dialect.path(),
                    new ExchangeDoor(
                            interpreter == null ? dialect : Dialect.CHAT,
                            interpreter == null ? Interpreter.PLAIN : interpreter,
                            gateways.node().vertx(),
                            inFlight,
                            metrics));
        }
    }

    private static GatewayConfig.ResponsesConfig options(Gateways gateways) {
        return gateways.current().config().gateway().responses();
    }

    /** Takes up what an earlier process left; called once, when the first gateway is live. */
    Future<Void> start() {
        gateways.node().vertx().setPeriodic(SWEEP_MILLIS, id -> background.sweep());
        return background
                .resume()
                .compose(v -> batches.resume())
                .onFailure(failure -> LOG.error("What an earlier process left is lost", failure));
    }

    void stop() {
        background.stop();
        batches.stop();
        journal.close();
    }

    void handle(HttpServerRequest request) {
        if (inFlight.draining()) {
            request.response().putHeader("connection", "close");
            Replies.error(
                    request,
                    ApiException.unavailable(
                            "shutting_down", "This node is stopping. Try another, or again soon.", 1000));
            return;
        }
        Gateway gateway = gateways.enter();
        if (gateway == null) {
            Replies.error(
                    request,
                    ApiException.unavailable("starting", "This node is starting. Try again in a moment.", 1000));
            return;
        }
        String path = request.path();
        Door post = posts.get(path);
        if (sockets.serves(request)) {
            sockets.handle(request, gateway);
        } else if (post != null) {
            if (request.method() == HttpMethod.POST) {
                post.handle(request, gateway);
            } else {
                refuse(request, gateway, methodNotAllowed(request, "POST"));
            }
        } else if (path.equals(PageDoor.PATH)
                && request.method() == HttpMethod.GET
                && gateway.config().gateway().server().page()) {
            page.handle(request, gateway);
        } else if (prefixed(path) instanceof Door resources) {
            resources.handle(request, gateway);
        } else if (ModelsDoor.serves(path)) {
            if (request.method() == HttpMethod.GET) {
                models.handle(request, gateway);
            } else {
                refuse(request, gateway, methodNotAllowed(request, "GET"));
            }
        } else {
            refuse(
                    request,
                    gateway,
                    ApiException.notFound(
                            null,
                            "unknown_url",
                            "Unknown request URL: " + request.method() + ' ' + ApiException.abbreviate(path)
                                    + ". The API begins at /v1; see docs/api.md."));
        }
    }

    /** The door of a path or of what lies below it, or null. */
    private Door prefixed(String path) {
        for (Map.Entry<String, Door> entry : prefixes.entrySet()) {
            String prefix = entry.getKey();
            if (path.startsWith(prefix)
                    && (path.length() == prefix.length()
                            || prefix.endsWith("/")
                            || path.charAt(prefix.length()) == '/')) {
                return entry.getValue();
            }
        }
        return null;
    }

    private static void refuse(HttpServerRequest request, Gateway gateway, ApiException error) {
        gateway.exit();
        Replies.error(request, error);
    }

    private static ApiException methodNotAllowed(HttpServerRequest request, String allowed) {
        request.response().putHeader("allow", allowed);
        return new ApiException(
                405,
                "invalid_request_error",
                "method_not_allowed",
                null,
                "Not allowed to " + request.method() + " on " + ApiException.abbreviate(request.path()) + "; use "
                        + allowed + '.');
    }
}
