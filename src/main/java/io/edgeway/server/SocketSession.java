package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.assembly.Gateway;
import io.edgeway.assembly.Gateways;
import io.edgeway.config.GatewayConfig;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/** The requests of one socket: each message is an exchange of its own, counted, authenticated and limited as such. */
abstract class SocketSession implements Socket.Listener {
    /*
     * Calls of one lane run one after the other, calls of different lanes side by side. What waits is bounded for the
     * socket as a whole.
     */
    private static final int MAX_CALLS = 32;

    /** What the sessions of a door share. */
    record Door(Gateways gateways, InFlight inFlight, Exchanges metrics) {
        Vertx vertx() {
            return gateways.node().vertx();
        }
    }

    private static final class Lane {
        private final ArrayDeque<SocketCall> waiting = new ArrayDeque<>(1);
        private SocketDelivery active;
    }

    final Socket socket;
    private final Door door;
    private final Exchange handshake;
    private final Map<String, Lane> lanes = new HashMap<>(2);
    private int calls;

    SocketSession(Socket socket, Door door, Exchange handshake) {
        this.socket = socket;
        this.door = door;
        this.handshake = handshake;
    }

    /** A message of the protocol. */
    abstract void message(Map<String, Object> message);

    /** The message that tells of a failure of no call in particular. */
    abstract String failure(ApiException error);

    @Override
    public final void text(String text) {
        Map<String, Object> message;
        try {
            message = Json.readObject(text.getBytes(StandardCharsets.UTF_8));
        } catch (JsonException e) {
            refuse(ApiException.badRequest(
                    null, "invalid_json", "A message must be a JSON object: " + e.getMessage() + "."));
            return;
        }
        try {
            message(message);
        } catch (ApiException e) {
            refuse(e);
        }
    }

    @Override
    public final void binary(Buffer message) {
        refuse(ApiException.badRequest(null, "invalid_message", "Send JSON objects as text messages."));
    }

    @Override
    public final void tooLarge(long bound) {
        refuse(ApiException.tooLarge(bound));
    }

    private void refuse(ApiException error) {
        socket.send(failure(error));
    }

    @Override
    public final void drained() {
        for (Lane lane : lanes.values()) {
            if (lane.active != null) {
                lane.active.drained();
            }
        }
    }

    @Override
    public final void closed() {
        for (Lane lane : lanes.values()) {
            lane.waiting.clear();
        }
        lanes.values().stream().map(lane -> lane.active).toList().forEach(active -> {
            if (active != null) {
                active.cancel();
            }
        });
        lanes.clear();
    }

    final boolean busy(String lane) {
        return lanes.containsKey(lane);
    }

    final void submit(String name, SocketCall call) {
        if (calls >= MAX_CALLS) {
            socket.send(call.failure(ApiException.tooMany(
                    "too_many_requests",
                    "This socket has " + MAX_CALLS + " requests under way; wait for one to end.",
                    1000)));
            return;
        }
        calls++;
        Lane lane = lanes.computeIfAbsent(name, n -> new Lane());
        lane.waiting.add(call);
        if (lane.active == null) {
            next(name, lane);
        }
    }

    /** Stops what a lane does and forgets what waits there; false if there was nothing. */
    final boolean cancel(String name) {
        Lane lane = lanes.get(name);
        if (lane == null) {
            return false;
        }
        calls -= lane.waiting.size();
        lane.waiting.clear();
        if (lane.active != null) {
            lane.active.cancel();
        }
        return true;
    }

    private void next(String name, Lane lane) {
        while (lane.active == null && !lane.waiting.isEmpty()) {
            SocketCall call = lane.waiting.poll();
            try {
                start(name, lane, call);
            } catch (ApiException e) {
                calls--;
                socket.send(call.failure(e));
            }
        }
        if (lane.active == null) {
            lanes.remove(name, lane);
        }
    }

    private void start(String name, Lane lane, SocketCall call) {
        if (door.inFlight.draining()) {
            throw ApiException.unavailable("shutting_down", "This node is stopping. Connect to another.", 1000);
        }
        Gateway gateway = door.gateways.enter();
        if (gateway == null) {
            throw ApiException.unavailable("starting", "This node is starting. Try again in a moment.", 1000);
        }
        GatewayConfig.ServerConfig limits = gateway.config().gateway().server();
        Chain chain = gateway.chain(handshake.path());
        if (chain == null || door.inFlight.count() >= limits.maxExchanges()) {
            gateway.exit();
            throw chain == null
                    ? ApiException.notFound(
                            null, "unknown_url", "No route of this gateway serves " + handshake.path() + " any more.")
                    : ApiException.unavailable("overloaded", "This node serves as many requests as it may.", 1000);
        }
        Exchange exchange = new Exchange(
                RequestId.of(null),
                Dialect.CHAT,
                handshake.path(),
                call.body(),
                handshake.requestHeaders(),
                handshake.remoteAddress(),
                handshake.context());
        ExchangeDoor.deadline(exchange, limits);
        SocketDelivery delivery =
                new SocketDelivery(exchange, gateway, door.vertx(), door.inFlight, door.metrics, socket, call, () -> {
                    calls--;
                    lane.active = null;
                    next(name, lane);
                });
        lane.active = delivery;
        delivery.begin();
        chain.authenticate(exchange)
                .compose(v -> call.interpreter().interpret(exchange))
                .compose(voice -> {
                    delivery.speak(voice);
                    return call.ask(voice, exchange, gateway, chain);
                })
                .onSuccess(delivery::reply)
                .onFailure(delivery::fail);
    }
}
