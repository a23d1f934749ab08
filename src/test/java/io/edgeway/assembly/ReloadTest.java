package io.edgeway.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.server.TestGateway;
import io.edgeway.testkit.FakeCloud;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReloadTest {
    private FakeCloud cloud;
    private TestGateway gateway;

    private String yaml(String model) {
        return """
                edgeway:
                  models: { "%s": { cloud: { upstreams: [fake] } } }
                  upstreams: { fake: { url: "%s" } }
                  plugins: { route: { type: router } }
                  routes: [ { match: "/v1/*", chain: [route] } ]
                """.formatted(model, cloud.url());
    }

    @BeforeEach
    void start() {
        cloud = FakeCloud.start();
        gateway = TestGateway.start(yaml("one"));
    }

    @AfterEach
    void stop() {
        gateway.close();
        cloud.close();
    }

    @Test
    void anExchangeInFlightFinishesOnTheOldGateway() throws Exception {
        cloud.next("latency=400");
        Gateway old = gateway.gateways().current();
        CompletableFuture<Integer> running =
                CompletableFuture.supplyAsync(() -> gateway.chat("one", "hi").statusCode());
        cloud.take();
        gateway.reload(yaml("two"));
        assertThat(gateway.gateways().current()).isNotSameAs(old);
        assertThat(old.exchanges()).isEqualTo(1);
        assertThat(gateway.chat("two", "hi").statusCode()).isEqualTo(200);
        assertThat(gateway.chat("one", "hi").statusCode()).isEqualTo(404);
        assertThat(running.get(5, TimeUnit.SECONDS)).isEqualTo(200);
    }

    @Test
    void aBadFileChangesNothing() {
        Gateway before = gateway.gateways().current();
        assertThatThrownBy(() -> gateway.reload(yaml("one").replace("[route]", "[rout]")))
                .hasMessageContaining("there is no plugin 'rout'")
                .hasMessageContaining("line 5");
        assertThat(gateway.gateways().current()).isSameAs(before);
        assertThat(gateway.chat("one", "hi").statusCode()).isEqualTo(200);
    }
}
