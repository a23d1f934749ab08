package io.edgeway.testkit;

import io.edgeway.api.Dialect;
import io.edgeway.config.ConfigLoader;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Models;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.impl.VertxInternal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** Runs exchanges through one plugin on real event loops, without a server. */
public final class ChainHarness implements PluginContext, AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final Map<String, Object> shared = new ConcurrentHashMap<>();
    private final Path directory;
    private final AtomicLong ids = new AtomicLong();
    private volatile Models models = new Models(List.<Model>of());

    public ChainHarness(Path directory) {
        this.directory = directory;
    }

    /** What a client saw. */
    public record Answer(int status, MultiMap headers, String body, Exchange exchange) {
        public String cache() {
            return headers.get("x-edgeway-cache");
        }
    }

    /** A request under way. */
    public static final class Call {
        public final Exchange exchange;
        public final CompletableFuture<Answer> answer = new CompletableFuture<>();
        public final CompletableFuture<Void> firstBytes = new CompletableFuture<>();

        Call(Exchange exchange) {
            this.exchange = exchange;
        }

        /** The client closes its connection. */
        public void leave() throws Exception {
            CompletableFuture<Void> left = new CompletableFuture<>();
            exchange.context().runOnContext(v -> {
                exchange.cancel();
                exchange.end(new Outcome(Outcome.Kind.CANCELLED, 499, exchange.cancelCause()));
                left.complete(null);
            });
            left.get(10, TimeUnit.SECONDS);
        }

        public Answer get() throws Exception {
            return answer.get(20, TimeUnit.SECONDS);
        }
    }

    /** Options from the lines below a plugin's type. */
    public <C> C options(PluginFactory<C> factory, String yaml) {
        String file = "edgeway:\n  routes: [ { match: /v1, chain: [it] } ]\n  plugins:\n    it:\n      type: "
                + factory.type() + "\n" + yaml.indent(6);
        return new ConfigLoader(type -> factory.options(), name -> null)
                .load("test", file, directory)
                .options("it", factory.options());
    }

    public <C> Plugin plugin(PluginFactory<C> factory, String yaml) throws Exception {
        Plugin plugin = factory.create("it", options(factory, yaml), this);
        CompletableFuture<Void> started = new CompletableFuture<>();
        plugin.start().onComplete(result -> {
            if (result.failed()) {
                started.completeExceptionally(result.cause());
            } else {
                started.complete(null);
            }
        });
        started.get(60, TimeUnit.SECONDS);
        return plugin;
    }

    public static Principal tenant(String name) {
        return new Principal(name, name + "-key", Set.of(), Set.of(), Map.of());
    }

    public Context loop() {
        return ((VertxInternal) vertx).createEventLoopContext();
    }

    public Exchange exchange(Principal principal, String body, String... headers) {
        MultiMap map = MultiMap.caseInsensitiveMultiMap();
        for (int i = 0; i < headers.length; i += 2) {
            map.set(headers[i], headers[i + 1]);
        }
        Exchange exchange = new Exchange(
                "req-" + ids.incrementAndGet(),
                Dialect.CHAT,
                Dialect.CHAT.path(),
                Buffer.buffer(body),
                map,
                "127.0.0.1",
                loop());
        exchange.principal(principal);
        return exchange;
    }

    public Call send(Plugin plugin, Next next, Principal principal, String body, String... headers) {
        return send(plugin, next, exchange(principal, body, headers));
    }

    /** Sends a request on a loop of its own, and reads its reply as fast as it comes. */
    public Call send(Plugin plugin, Next next, Exchange exchange) {
        Call call = new Call(exchange);
        exchange.context().runOnContext(v -> {
            try {
                plugin.handle(exchange, next)
                        .onSuccess(reply -> read(call, reply))
                        .onFailure(failure -> {
                            if (!exchange.ended()) {
                                exchange.end(new Outcome(Outcome.Kind.FAILED, 500, failure));
                            }
                            call.answer.completeExceptionally(failure);
                        });
            } catch (RuntimeException e) {
                call.answer.completeExceptionally(e);
            }
        });
        return call;
    }

    private static void read(Call call, Reply reply) {
        MultiMap headers =
                MultiMap.caseInsensitiveMultiMap().addAll(reply.headers()).addAll(call.exchange.replyHeaders());
        if (!reply.streamed()) {
            call.exchange.end(new Outcome(Outcome.Kind.COMPLETED, reply.status(), null));
            call.answer.complete(
                    new Answer(reply.status(), headers, reply.body().toString(), call.exchange));
            return;
        }
        Buffer all = Buffer.buffer();
        reply.stream()
                .exceptionHandler(failure -> {
                    call.exchange.end(new Outcome(Outcome.Kind.FAILED, 200, failure));
                    call.answer.completeExceptionally(failure);
                })
                .endHandler(v -> {
                    call.exchange.end(new Outcome(Outcome.Kind.COMPLETED, reply.status(), null));
                    call.answer.complete(
                            new Answer(reply.status(), headers, all.toString(StandardCharsets.UTF_8), call.exchange));
                })
                .handler(buffer -> {
                    all.appendBuffer(buffer);
                    call.firstBytes.complete(null);
                })
                .resume();
    }

    @Override
    public Vertx vertx() {
        return vertx;
    }

    @Override
    public MeterRegistry meters() {
        return meters;
    }

    /** The models that plugins made from now on know. */
    public void models(Models models) {
        this.models = models;
    }

    @Override
    public Models models() {
        return models;
    }

    @Override
    public Path resolve(String file) {
        return directory.resolve(file);
    }

    @Override
    public Path stateDirectory() {
        return directory;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> T shared(String key, Supplier<T> make) {
        return (T) shared.computeIfAbsent(key, k -> make.get());
    }

    /** Closes what plugins shared, as when the last gateway goes. */
    public void closeShared() throws Exception {
        for (Object value : List.copyOf(shared.values())) {
            if (value instanceof AutoCloseable closeable) {
                closeable.close();
            }
        }
        shared.clear();
    }

    @Override
    public void close() throws Exception {
        closeShared();
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
