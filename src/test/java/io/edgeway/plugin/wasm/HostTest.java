package io.edgeway.plugin.wasm;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.edgeway.testkit.ChainHarness;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the host does for a module: time, calls, headers, streams, and letting go of what is not used. */
class HostTest extends ModuleFixture {
    /** Calls the upstream "authz", whose name lies at 1024, with a GET of its root. */
    private static final int[] CALL_AUTHZ = {
        0x41, 0x80, 0x08, 0x41, 5, 0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0xe0, 0xd4, 0x03, 0x41,
        0x80, 0x10, 0x10, 0, 0x1a
    };

    private Plugin plugin(WasmText module, String options) throws Exception {
        return load(module, "deadline: 5s\n" + options);
    }

    private static int[] code(int[] first, int... then) {
        int[] all = java.util.Arrays.copyOf(first, first.length + then.length);
        System.arraycopy(then, 0, all, first.length, then.length);
        return all;
    }

    /**
     * Calls an import with a header of the reply, whose name lies at 1024.
     *
     * @param value pushes where its value lies and how long it is
     */
    private static int[] replyHeader(int function, int nameLength, int... value) {
        return code(code(new int[] {0x41, 2, 0x41, 0x80, 0x08, 0x41, nameLength}, value), 0x10, function);
    }

    private static WasmText caller() {
        return new WasmText().imported("env", "proxy_http_call", "(iiiiiiiiii)i");
    }

    private static WasmText filter(WasmText module) {
        return module.function("proxy_abi_version_0_2_1", "()").function("malloc", "(i)i", 0x41, 0x80, 0x80, 0x02);
    }

    private String authz(CountDownLatch asked, String answer) throws Exception {
        HttpServer server = harness.vertx()
                .createHttpServer()
                .requestHandler(request -> {
                    asked.countDown();
                    request.response().end(answer);
                })
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        return "calls: { authz: \"http://127.0.0.1:" + server.actualPort() + "\" }\n";
    }

    @Test
    void anExchangeWaitsForACallAndGoesOnWithItsAnswer() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        WasmText module = filter(caller().imported("env", "proxy_get_buffer_bytes", "(iiiii)i")
                        .imported("env", "proxy_add_header_map_value", "(iiiii)i")
                        .imported("env", "proxy_continue_stream", "(i)i")
                        .data("authzx-answer"))
                .function("proxy_on_request_headers", "(iii)i", code(CALL_AUTHZ, 0x41, 1))
                // The answer's body becomes a header of the request.
                .function(
                        "proxy_on_http_call_response",
                        "(iiiii)",
                        code(
                                new int[] {
                                    0x41, 4, 0x41, 0, 0x41, 0xe4, 0x00, 0x41, 0x84, 0x10, 0x41, 0x88, 0x10, 0x10, 1,
                                    0x1a
                                },
                                0x41,
                                0,
                                0x41,
                                0x85,
                                0x08,
                                0x41,
                                8,
                                0x41,
                                0,
                                0x28,
                                2,
                                0x84,
                                0x10,
                                0x41,
                                0,
                                0x28,
                                2,
                                0x88,
                                0x10,
                                0x10,
                                2,
                                0x1a,
                                0x41,
                                0,
                                0x10,
                                3,
                                0x1a));
        Plugin plugin = plugin(module, authz(asked, "granted") + "hold: 60s\n");
        ChainHarness.Answer answer = send(plugin);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.exchange().requestHeader("x-answer")).isEqualTo("granted");
        assertThat(asked.getCount()).isZero();
    }

    @Test
    void aModuleIsCalledAtItsTicks() throws Exception {
        CountDownLatch asked = new CountDownLatch(3);
        WasmText module = filter(caller().imported("env", "proxy_set_tick_period_milliseconds", "(i)i")
                        .data("authz"))
                .function("proxy_on_configure", "(ii)i", 0x41, 10, 0x10, 1, 0x1a, 0x41, 1)
                .function("proxy_on_tick", "(i)", CALL_AUTHZ);
        Plugin plugin = plugin(module, authz(asked, ""));
        send(plugin);
        assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "interpreter"})
    void aModuleMayUseReferences(String engine) throws Exception {
        // ref.is_null(ref.null func) is 1, whose opposite goes on.
        WasmText module = WasmText.filter().function("proxy_on_request_headers", "(iii)i", 0xd0, 0x70, 0xd1, 0x45);
        assertThat(send(plugin(module, "hold: 50ms\nengine: " + engine + "\n")).status())
                .isEqualTo(200);
    }

    @Test
    void giantHeadersAreNotTaken() throws Exception {
        // replace(RESPONSE_HEADERS, "x", 20,000 bytes) must give BAD_ARGUMENT, 2; anything else traps.
        WasmText module = filter(new WasmText()
                        .imported("env", "proxy_replace_header_map_value", "(iiiii)i")
                        .imported("env", "proxy_add_header_map_value", "(iiiii)i")
                        .data("x"))
                .function(
                        "proxy_on_request_headers",
                        "(iii)i",
                        code(
                                replyHeader(0, 1, 0x41, 0, 0x41, 0xa0, 0x9c, 0x01),
                                0x41,
                                2,
                                0x47,
                                0x04,
                                0x40,
                                0x00,
                                0x0b,
                                0x41,
                                0))
                // Adds one more until it is told no.
                .function(
                        "proxy_on_response_headers",
                        "(iii)i",
                        code(
                                new int[] {0x03, 0x40},
                                code(replyHeader(1, 1, 0x41, 0x80, 0x08, 0x41, 1), 0x45, 0x0d, 0, 0x0b, 0x41, 0)));
        Plugin plugin = plugin(module, "");
        ChainHarness.Answer answer = send(plugin);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers().getAll("x")).hasSizeBetween(2, HeaderRules.MAX_COUNT);
    }

    /** Asks for the property whose name, of eight letters, lies at 1024, and goes on. */
    private WasmText asking(String property) {
        return filter(new WasmText()
                        .imported("env", "proxy_get_property", "(iiii)i")
                        .data(property))
                .function(
                        "proxy_on_request_headers",
                        "(iii)i",
                        0x41,
                        0x80,
                        0x08,
                        0x41,
                        8,
                        0x41,
                        0x80,
                        0x10,
                        0x41,
                        0x84,
                        0x10,
                        0x10,
                        0,
                        0x1a,
                        0x41,
                        0);
    }

    @Test
    void aBodyIsReadWhenAModuleAsksForSomethingOfIt() throws Exception {
        Plugin head = plugin(asking("source.a"), "");
        assertThat(send(head).exchange().passport().reached(Stage.PARSED)).isFalse();
        Plugin model = plugin(asking("ai.model"), "");
        assertThat(send(model).exchange().passport().reached(Stage.PARSED)).isTrue();
        // Of what cannot be read there is no model, and whoever needs one tells the client.
        assertThat(harness.send(model, ANSWER, Principal.ANONYMOUS, "{").get().status())
                .isEqualTo(200);
    }

    @Test
    void aHeaderOfTheReplyCanBeReplacedBeforeThereIsOne() throws Exception {
        WasmText module = filter(new WasmText()
                        .imported("env", "proxy_replace_header_map_value", "(iiiii)i")
                        .data("x-early"))
                .function("proxy_on_request_headers", "(iii)i", replyHeader(0, 7, 0x41, 0x82, 0x08, 0x41, 5));
        ChainHarness.Answer answer = send(plugin(module, ""));
        assertThat(answer.exchange().replyHeaders().get("x-early")).isEqualTo("early");
    }

    @Test
    void aStreamKeepsItsOrderAndWaitsForItsReader() throws Exception {
        Plugin plugin = plugin(WasmText.filter().function("proxy_on_response_body", "(iii)i", 0x41, 0), "body: true\n");
        PushStream source = new PushStream(64);
        List<String> got = new ArrayList<>();
        List<String> sent = new ArrayList<>();
        CompletableFuture<Boolean> held = new CompletableFuture<>();
        CompletableFuture<Void> ended = new CompletableFuture<>();
        harness.loop().runOnContext(v -> {
            for (int i = 0; i < 20; i++) {
                sent.add("data: piece " + i + "\n\n");
                source.write(Buffer.buffer(sent.get(i)));
            }
            source.end();
            plugin.handle(
                            harness.exchange(Principal.ANONYMOUS, BODY),
                            exchange -> Future.succeededFuture(Reply.events(source)))
                    .onSuccess(reply -> {
                        reply.stream().handler(piece -> got.add(piece.toString()));
                        reply.stream().endHandler(end -> ended.complete(null));
                        reply.stream().fetch(2);
                        // Nobody asked for more, so what writes the stream still sees it as full.
                        held.complete(got.size() == 2 && source.full());
                        reply.stream().resume();
                    })
                    .onFailure(held::completeExceptionally);
        });
        assertThat(held.get(20, TimeUnit.SECONDS)).isTrue();
        ended.get(20, TimeUnit.SECONDS);
        assertThat(got).isEqualTo(sent);
    }

    @Test
    void anUnusedInstanceIsDropped() throws Exception {
        WasmConfig options = harness.options(new WasmFactory(), "module: it.wasm\nidle: 10m\n");
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        Figures figures = new Figures(meters, "it");
        Module module = Module.of("", WasmText.filter().bytes(), 1 << 20);
        Hosted hosted = new Hosted(
                "it", module, options, harness.vertx(), figures, new GuestMetrics(meters, "it"), new SharedData());
        CompletableFuture<List<Integer>> instances = new CompletableFuture<>();
        harness.loop().runOnContext(v -> {
            List<Integer> seen = new ArrayList<>();
            Guest guest = hosted.guest();
            seen.add(figures.instances.get());
            guest.dropWhenIdle(guest.lastUsed() + Duration.ofMinutes(10).toNanos() - 1);
            seen.add(figures.instances.get());
            guest.dropWhenIdle(guest.lastUsed() + Duration.ofMinutes(10).toNanos());
            seen.add(figures.instances.get());
            // The next exchange makes another.
            seen.add(hosted.guest() == guest ? -1 : figures.instances.get());
            instances.complete(seen);
        });
        assertThat(instances.get(20, TimeUnit.SECONDS)).containsExactly(1, 1, 0, 1);
        hosted.close();
    }

    @Test
    void countersStartAnewWhenAPluginComesBack() throws Exception {
        WasmText module = WasmText.filter().function("proxy_on_request_headers", "(iii)i", 0x41, 0);
        for (int time = 0; time < 2; time++) {
            Plugin plugin = plugin(module, "");
            send(plugin);
            assertThat(harness.meters()
                            .get("edgeway.wasm.calls")
                            .functionCounter()
                            .count())
                    .isEqualTo(1);
            harness.closeShared();
            assertThat(harness.meters().find("edgeway.wasm.calls").functionCounter())
                    .isNull();
        }
    }
}
