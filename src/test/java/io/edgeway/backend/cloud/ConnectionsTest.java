package io.edgeway.backend.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.server.TestGateway;
import io.edgeway.testkit.FakeCloud;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClient;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class ConnectionsTest {
    @Test
    void eachEventLoopHasAPoolOfItsOwn() {
        Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
        try {
            AtomicInteger opened = new AtomicInteger();
            Connections connections = new Connections(() -> {
                opened.incrementAndGet();
                return vertx.createHttpClient();
            });
            List<HttpClient> pools = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                vertx.deployVerticle(new AbstractVerticle() {
                            @Override
                            public void start() {
                                pools.add(connections.here());
                            }
                        })
                        .toCompletionStage()
                        .toCompletableFuture()
                        .orTimeout(10, TimeUnit.SECONDS)
                        .join();
            }
            assertThat(Set.copyOf(pools)).hasSize(2);
            // Who runs on no loop opens nothing.
            assertThat(pools).contains(connections.here());
            assertThat(opened).hasValue(2);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    @Test
    void aClientThatLeavesBeforeItGotAConnectionIsNoError() throws IOException {
        ConcurrentLinkedQueue<String> logged = new ConcurrentLinkedQueue<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                if (entry.getLevel().intValue() >= Level.WARNING.intValue()) {
                    logged.add(entry.getLoggerName() + ": " + entry.getMessage());
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger root = Logger.getLogger("");
        root.addHandler(handler);
        FakeCloud cloud = FakeCloud.start();
        TestGateway gateway = TestGateway.start("""
                edgeway:
                  models: { gpt: { cloud: { upstreams: [fake] } } }
                  upstreams: { fake: { url: "%s", connections: 1 } }
                  plugins: { route: { type: router } }
                  routes: [ { match: "/v1/*", chain: [route] } ]
                """.formatted(cloud.url()), 1);
        try {
            cloud.next("silent");
            Socket first = ask(gateway);
            cloud.take();
            Socket second = ask(gateway);
            await(gateway, "edgeway.exchanges.in.flight", 2);
            second.close();
            await(gateway, "edgeway.exchanges.in.flight", 1);
            first.close();
            // Comes to the one connection after the second, which is cut then.
            assertThat(gateway.chat("gpt", "hi").statusCode()).isEqualTo(200);
            assertThat(logged).isEmpty();
        } finally {
            root.removeHandler(handler);
            gateway.close();
            cloud.close();
        }
    }

    private static Socket ask(TestGateway gateway) throws IOException {
        String body = "{\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
        Socket socket = new Socket("127.0.0.1", gateway.port());
        socket.getOutputStream()
                .write(("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: " + body.length() + "\r\n\r\n"
                                + body)
                        .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static void await(TestGateway gateway, String gauge, int value) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (gateway.meters().get(gauge).gauge().value() != value) {
            assertThat(System.nanoTime()).as(gauge).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }
}
