package io.edgeway.plugin.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.api.ApiException;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Load;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Models;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.ChainHarness;
import io.edgeway.testkit.Chunks;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ShadowTest {
    @TempDir
    Path directory;

    ChainHarness harness;
    final Local local = new Local();

    /** A local model that answers when it is told to. */
    static final class Local implements Backend {
        record Asked(Exchange exchange, Promise<Reply> reply) {
            void say(String text) {
                exchange.context().runOnContext(v -> reply.complete(json(text)));
            }
        }

        final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();
        volatile int waiting;

        @Override
        public String name() {
            return "local/nano";
        }

        @Override
        public Load load() {
            return new Load(4, 0, waiting, 0, 0, 0);
        }

        @Override
        public Future<Reply> call(Exchange exchange) {
            Promise<Reply> reply = Promise.promise();
            exchange.onCancel(() -> reply.tryFail(exchange.cancelCause()));
            asked.add(new Asked(exchange, reply));
            return reply.future();
        }

        Asked next() throws Exception {
            return asked.poll(20, TimeUnit.SECONDS);
        }
    }

    static Reply json(String text) {
        return Reply.json(Chunks.whole(text).getBytes(StandardCharsets.UTF_8));
    }

    @BeforeEach
    void setUp() {
        harness = new ChainHarness(directory);
        harness.models(new Models(List.of(
                new Model("nano", Model.Kind.LOCAL, local, List.of(), 0, 0),
                new Model("gpt", Model.Kind.CLOUD, null, List.of(), 0, 0))));
    }

    @AfterEach
    void tearDown() throws Exception {
        harness.close();
    }

    Plugin plugin(String more) throws Exception {
        return harness.plugin(new RecordFactory(), "keys: [ann-key]\nshadow: nano\n" + more);
    }

    /** The client's question; returns when the client has its answer. */
    void ask(Plugin plugin, String answer) throws Exception {
        harness.send(
                        plugin,
                        RecordPluginTest.answering("cloud/fake", Chunks.whole(answer)),
                        RecordPluginTest.ANN,
                        RecordPluginTest.ask("hi"))
                .get();
    }

    void await(String result, int count) {
        while (harness.meters()
                        .get("edgeway.shadow.answers")
                        .tags("model", "nano", "result", result)
                        .counter()
                        .count()
                < count) {
            Thread.onSpinWait();
        }
    }

    @Test
    void asksInTheBackgroundWhenTheClientHasItsAnswer() throws Exception {
        Plugin plugin = plugin("");
        ask(plugin, "Hello there.");
        Local.Asked asked = local.next();
        Map<String, Object> body = Json.readObject(asked.exchange().body().getBytes());
        assertEquals("nano", body.get("model"));
        assertEquals(List.of(Map.of("role", "user", "content", "hi")), body.get("messages"));
        assertFalse(body.containsKey("stream"));
        assertEquals(true, asked.exchange().fact(Hints.BACKGROUND));
        asked.say("hello there");
        await("same", 1);
    }

    @Test
    void countsHowFarBothAgree() throws Exception {
        Plugin plugin = plugin("");
        String[][] said = {
            {"same", "Paris is the capital."},
            {"close", "Paris is a capital"},
            {"other", "No idea at all"},
            {"handed_over", "I don't know. A larger model may know this."}
        };
        for (String[] each : said) {
            ask(plugin, "Paris is the capital.");
            local.next().say(each[1]);
            await(each[0], 1);
        }
        ask(plugin, "Paris is the capital.");
        Local.Asked last = local.next();
        last.exchange().context().runOnContext(v -> last.reply().fail(ApiException.clientClosed()));
        await("failed", 1);
        assertEquals(
                3,
                harness.meters()
                        .get("edgeway.shadow.overlap")
                        .tags("model", "nano")
                        .summary()
                        .count());
    }

    @Test
    void asksNoMoreThanTwoAtATimeAndNobodyBeforeAClient() throws Exception {
        Plugin plugin = plugin("");
        for (int i = 0; i < 5; i++) {
            ask(plugin, "yes");
        }
        await("skipped", 3);
        assertEquals(2, local.asked.size());
        local.next().say("yes");
        local.next().say("yes");
        await("same", 2);
        local.waiting = 1;
        ask(plugin, "yes");
        await("skipped", 4);
        assertTrue(local.asked.isEmpty());
    }

    @Test
    void asksAShareOnly() throws Exception {
        Plugin plugin = plugin("shadow-share: 0%");
        ask(plugin, "yes");
        assertTrue(local.asked.isEmpty());
    }

    @Test
    void stopsWithItsGateway() throws Exception {
        Plugin plugin = plugin("");
        ask(plugin, "yes");
        Local.Asked asked = local.next();
        plugin.close();
        await("failed", 1);
        assertTrue(asked.exchange().isCancelled());
    }

    @Test
    void wantsALocalModel() {
        for (String name : List.of("gpt", "nowhere")) {
            ExecutionException e = assertThrows(
                    ExecutionException.class,
                    () -> harness.plugin(new RecordFactory(), "anonymous: true\nshadow: " + name));
            assertTrue(e.getCause().getMessage().startsWith("shadow: '" + name + "'"), e.getMessage());
        }
    }
}
