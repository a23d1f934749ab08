package io.edgeway.plugin.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.backend.cloud.CloudBackend;
import io.edgeway.backend.cloud.Upstream;
import io.edgeway.config.ConfigException;
import io.edgeway.config.ConfigLoader;
import io.edgeway.config.LoadedConfig;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Load;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Models;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.server.TestGateway;
import io.edgeway.testkit.Behaviour;
import io.edgeway.testkit.ChainHarness;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.FakeCloud;
import io.vertx.core.Future;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What answers, why, and what the client sees, with a fake cloud and a local model that does as it is told. */
class RouterTest {
    private static final long SECOND = 1_000_000_000L;

    @TempDir
    Path directory;

    private final FakeLocal local = new FakeLocal();
    private FakeCloud cloud;
    private ChainHarness harness;
    private Plugin router;

    @BeforeEach
    void start() {
        cloud = FakeCloud.start();
        harness = new ChainHarness(directory);
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
        cloud.close();
    }

    /** A router over {@code auto: [cloud, nano]} and {@code edge: [nano, cloud]}. */
    private void router(String options) {
        router = new RouterFactory().create("choose", options(options), harness);
    }

    /** A router whose head always says the same. */
    private void routerWithHead(double odds, String options) throws Exception {
        DifficultyHead head = DifficultyHead.parse(
                ("{\"kind\":\"logistic\",\"weights\":[0,0,0,0],\"bias\":" + odds + "}").getBytes(), "test");
        Difficulty difficulty =
                new Difficulty(head, text -> Future.succeededFuture(new float[4]), new Threshold(0.5, -1));
        router = new RouterPlugin(options(options), difficulty, null, harness);
        started();
    }

    private RouterConfig options(String options) {
        LoadedConfig config = new ConfigLoader(type -> RouterConfig.class, name -> null)
                .load("test", """
                edgeway:
                  models:
                    gpt: { cloud: { upstreams: [fake], retry: { attempts: 1 } } }
                  upstreams:
                    fake: { url: "%s", first-byte-timeout: 2s, breaker: { consecutive: 3 } }
                  plugins:
                    choose: { type: router%s }
                  routes:
                    - { match: "/v1/*", chain: [choose] }
                """.formatted(cloud.url(), options.isEmpty() ? "" : ", " + options), directory);
        Upstream upstream = Upstream.of(
                "fake",
                config.gateway().upstreams().get("fake"),
                config.gateway().server(),
                harness);
        CloudBackend backend = new CloudBackend(
                "gpt", config.gateway().models().get("gpt").cloud().get(), List.of(upstream), harness);
        harness.models(new Models(List.of(
                new Model("nano", Model.Kind.LOCAL, local, List.of(), 1000, 0),
                new Model("gpt", Model.Kind.CLOUD, backend, List.of("nano"), 0, 0, new Model.Price(1, 2, 1)),
                new Model("alone", Model.Kind.CLOUD, backend, List.of(), 0, 0),
                new Model("auto", Model.Kind.CHOICE, null, List.of("gpt", "nano"), 0, 0),
                new Model("edge", Model.Kind.CHOICE, null, List.of("nano", "gpt"), 0, 0))));
        return config.options("choose", RouterConfig.class);
    }

    private void started() throws Exception {
        router.start().toCompletionStage().toCompletableFuture().get();
    }

    private static String body(String model, boolean stream, String text) {
        return "{\"model\":\"" + model + "\",\"stream\":" + stream + ",\"messages\":[{\"role\":\"user\",\"content\":\""
                + text + "\"}]}";
    }

    private ChainHarness.Answer ask(String model, boolean stream, String... headers) throws Exception {
        return harness.send(router, null, Principal.ANONYMOUS, body(model, stream, "hi"), headers)
                .get();
    }

    private ApiException refused(ChainHarness.Call call) {
        try {
            call.get();
        } catch (ExecutionException e) {
            return (ApiException) e.getCause();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("answered");
    }

    private static String route(ChainHarness.Answer answer) {
        return answer.headers().get("x-edgeway-route");
    }

    private static String backend(ChainHarness.Answer answer) {
        return answer.headers().get("x-edgeway-backend");
    }

    private double count(String name) {
        return harness.meters().find(name).counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }

    // ---- choosing

    @ParameterizedTest
    @CsvSource({
        "gpt, cloud/fake, explicit",
        "nano, local/nano, explicit",
        "auto, cloud/fake, order",
        "edge, local/nano, order"
    })
    void aNameDecides(String model, String backend, String reason) throws Exception {
        router("");
        ChainHarness.Answer answer = ask(model, false);
        assertThat(backend(answer)).isEqualTo(backend);
        assertThat(route(answer)).isEqualTo(reason);
    }

    @ParameterizedTest
    @CsvSource({"auto, local, local/nano", "edge, cloud, cloud/fake", "edge, auto, local/nano"})
    void theHeaderDecides(String model, String header, String backend) throws Exception {
        router("");
        assertThat(backend(ask(model, true, "x-edgeway-route", header))).isEqualTo(backend);
    }

    @Test
    void theHeaderIsCheckedAndCanBeSwitchedOff() throws Exception {
        router("");
        assertThat(refused(harness.send(
                                router, null, Principal.ANONYMOUS, body("auto", false, "x"), "x-edgeway-route", "moon"))
                        .status())
                .isEqualTo(400);
        assertThat(refused(harness.send(
                                router,
                                null,
                                Principal.ANONYMOUS,
                                body("alone", false, "x"),
                                "x-edgeway-route",
                                "local"))
                        .status())
                .isEqualTo(400);
        router("header: false");
        assertThat(backend(ask("edge", false, "x-edgeway-route", "cloud"))).isEqualTo("local/nano");
    }

    @Test
    void aKeyMayNarrowAChoice() throws Exception {
        router("");
        Principal principal = new Principal("t", "k", Set.of("auto", "nano"), Set.of(), Map.of());
        ChainHarness.Answer answer =
                harness.send(router, null, principal, body("auto", false, "x")).get();
        assertThat(backend(answer)).isEqualTo("local/nano");
        assertThat(route(answer)).isEqualTo("explicit; key");
        assertThat(refused(harness.send(router, null, principal, body("gpt", false, "x")))
                        .status())
                .isEqualTo(404);
    }

    @Test
    void rulesDecideAndLeaveNothingElse() throws Exception {
        router("rules: [{ name: secret, match: '(?i)iban', use: local },"
                + " { name: long, min-tokens: 20, use: cloud },"
                + " { name: german, language: [de], use: gpt },"
                + " { name: tools, has: [tools, json-schema], use: cloud }]");
        ChainHarness.Answer secret = harness.send(
                        router, null, Principal.ANONYMOUS, body("auto", false, "my IBAN is DE99"))
                .get();
        assertThat(backend(secret)).isEqualTo("local/nano");
        assertThat(route(secret)).isEqualTo("rule; name=secret");
        assertThat(route(harness.send(router, null, Principal.ANONYMOUS, body("edge", false, "word ".repeat(30)))
                        .get()))
                .isEqualTo("rule; name=long");
        assertThat(route(harness.send(router, null, Principal.ANONYMOUS, body("edge", false, "Wie ist das Wetter?"))
                        .get()))
                .isEqualTo("rule; name=german");
        assertThat(route(harness.send(
                                router,
                                null,
                                Principal.ANONYMOUS,
                                "{\"model\":\"edge\",\"tools\":[{}],\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}")
                        .get()))
                .isEqualTo("rule; name=tools");
        local.failure = ApiException.internal();
        int before = cloud.waiting();
        assertThat(refused(harness.send(router, null, Principal.ANONYMOUS, body("auto", false, "iban")))
                        .status())
                .isEqualTo(500);
        assertThat(cloud.waiting()).as("a pinned exchange never leaves").isEqualTo(before);
    }

    @Test
    void whatMustStayStays() throws Exception {
        router("");
        Exchange exchange = harness.exchange(Principal.ANONYMOUS, body("auto", false, "x"));
        exchange.fact(Hints.STAYS, "pii");
        assertThat(backend(harness.send(router, null, exchange).get())).isEqualTo("local/nano");
        Exchange cloudOnly = harness.exchange(Principal.ANONYMOUS, body("alone", false, "x"));
        cloudOnly.fact(Hints.STAYS, "pii");
        assertThat(refused(harness.send(router, null, cloudOnly)).status()).isEqualTo(403);
    }

    @Test
    void imagesAndLongPromptsGoWhereTheyFit() throws Exception {
        router("");
        assertThat(backend(harness.send(
                                router,
                                null,
                                Principal.ANONYMOUS,
                                "{\"model\":\"edge\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
                                        + "\"image_url\":{\"url\":\"data:x\"}}]}]}")
                        .get()))
                .isEqualTo("cloud/fake");
        ChainHarness.Answer answer = harness.send(
                        router, null, Principal.ANONYMOUS, body("edge", false, "word ".repeat(1000)))
                .get();
        assertThat(backend(answer)).isEqualTo("cloud/fake");
        assertThat(route(answer)).startsWith("context; prompt-tokens=");
    }

    @ParameterizedTest
    @CsvSource({"0.9, local/nano", "-0.9, cloud/fake"})
    void aHeadJudgesByTheEmbedding(float first, String backend) throws Exception {
        float[] vector = {first, 0, 0, 0};
        Difficulty difficulty = new Difficulty(
                DifficultyHead.parse("{\"kind\":\"logistic\",\"weights\":[4,0,0,0],\"bias\":0}".getBytes(), "test"),
                text -> Future.succeededFuture(vector),
                new Threshold(0.5, -1));
        Exchange exchange = harness.exchange(Principal.ANONYMOUS, body("auto", false, "x"));
        router("");
        Selection selection = new Selection(
                exchange, List.of(model("gpt", Model.Kind.CLOUD), model("nano", Model.Kind.LOCAL)), Reason.ORDER);
        difficulty.apply(selection, true);
        assertThat(selection.models().getFirst().kind())
                .isEqualTo(backend.startsWith("local") ? Model.Kind.LOCAL : Model.Kind.CLOUD);
        assertThat(selection.reason().toString()).startsWith("difficulty; p=0.");
    }

    private Model model(String name, Model.Kind kind) {
        return new Model(name, kind, local, List.of(), 0, 0);
    }

    // ---- money

    @Test
    void aRuleMayLeaveTheCheapest() throws Exception {
        router("rules: [{ name: thrift, tenants: [anonymous], use: cheapest }]");
        ChainHarness.Answer answer = ask("auto", false);
        assertThat(backend(answer)).isEqualTo("local/nano");
        assertThat(route(answer)).isEqualTo("rule; name=thrift");
        ChainHarness.Answer overflowing = harness.send(
                        router, null, Principal.ANONYMOUS, body("auto", false, "word ".repeat(1000)))
                .get();
        assertThat(backend(overflowing)).as("the cheapest that can answer").isEqualTo("cloud/fake");
    }

    @Test
    void aCallerWhoseBudgetRunsLowGetsTheCheapestModel() throws Exception {
        router("");
        ChainHarness.Answer answer =
                harness.send(router, null, lowBudget("auto")).get();
        assertThat(backend(answer)).isEqualTo("local/nano");
        assertThat(route(answer)).isEqualTo("budget; low=budget/day");
        assertThat(harness.meters()
                        .get("edgeway.routes")
                        .tag("reason", "budget")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(backend(ask("auto", false))).as("others do not").isEqualTo("cloud/fake");
        local.load = new Load(4, 4, 20, 5 * SECOND, 1000, 50);
        assertThat(backend(harness.send(router, null, lowBudget("edge")).get()))
                .as("a queue that is too long is not cheap")
                .isEqualTo("cloud/fake");
        local.load = null;
        local.failure = ApiException.internal();
        assertThat(backend(harness.send(router, null, lowBudget("auto")).get()))
                .as("it is a wish, not a rule")
                .isEqualTo("cloud/fake");
        local.failure = null;
        router("save: false");
        assertThat(backend(harness.send(router, null, lowBudget("auto")).get())).isEqualTo("cloud/fake");
    }

    private Exchange lowBudget(String model) {
        Exchange exchange = harness.exchange(Principal.ANONYMOUS, body(model, false, "x"));
        exchange.fact(Hints.LOW_BUDGET, "budget/day");
        return exchange;
    }

    // ---- switches

    @ParameterizedTest
    @ValueSource(strings = {"auto", "\"*\""})
    void theLocalModelStandsInUnlessThatIsSwitchedOff(String name) throws Exception {
        router("off: { " + name + ": [local-stands-in] }");
        for (int i = 0; i < 4; i++) {
            cloud.next("status=500");
            assertThat(refused(harness.send(router, null, Principal.ANONYMOUS, body("auto", false, "x")))
                            .status())
                    .as("before and after the breaker has opened")
                    .isIn(502, 503);
        }
        assertThat(local.calls).isEmpty();
        if (name.equals("auto")) {
            assertThat(backend(ask("gpt", false))).as("another model").isEqualTo("local/nano");
        }
    }

    @Test
    void theCloudStandsInUnlessThatIsSwitchedOff() {
        router("off: { edge: [cloud-stands-in] }");
        local.failure = ApiException.internal();
        assertThat(refused(harness.send(router, null, Principal.ANONYMOUS, body("edge", false, "x")))
                        .status())
                .isEqualTo(500);
        assertThat(cloud.waiting()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"auto, local-goes-on", "edge, cloud-goes-on"})
    void eitherKindGoesOnUnlessThatIsSwitchedOff(String model, String behaviour) throws Exception {
        router("off: { " + model + ": [" + behaviour + "] }");
        local.breakAfter = 1;
        cloud.next("truncate=3");
        assertThat(refused(harness.send(router, null, Principal.ANONYMOUS, body(model, true, "x"))))
                .isNotNull();
        local.breakAfter = -1;
        router("off: { " + model + ": [" + (model.equals("auto") ? "cloud-goes-on" : "local-goes-on") + "] }");
        cloud.reset();
        if (model.equals("auto")) {
            cloud.next("truncate=3");
        } else {
            local.breakAfter = 1;
        }
        assertThat(Chunks.done(ask(model, true).body()))
                .as("the other way is another switch")
                .isTrue();
    }

    @Test
    void theCascadeIsSwitchedOffForAModel() throws Exception {
        router("policy: cascade, off: { edge: [cascade] }");
        local.entropy = 3;
        assertThat(backend(ask("auto", true))).isEqualTo("cloud/fake");
        assertThat(backend(ask("edge", true))).isEqualTo("local/nano");
    }

    @Test
    void theHedgeIsSwitchedOffForAModel() throws Exception {
        router(
                "hedge: { enabled: true, budget: 100%, floor: 1ms }, going-on: { enabled: false }, off: { auto: [hedge] }");
        for (int i = 0; i < 40; i++) {
            ask("auto", true);
        }
        cloud.next("latency=300");
        assertThat(backend(ask("auto", true))).isEqualTo("cloud/fake");
        assertThat(count("edgeway.router.hedges")).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            off: { nobody: [hedge] }                     | edgeway.plugins.route.off.nobody
            off: { "gpt-4.1": [hedge] }                  | edgeway.plugins.route.off
            rules: [ { name: x, use: nobody } ]          | edgeway.plugins.route.rules[0].use
            """)
    void aModelThatThereIsNotIsToldWithItsLine(String option, String path) {
        assertThatThrownBy(() -> TestGateway.start(configuration(option)).close())
                .rootCause()
                .isInstanceOfSatisfying(ConfigException.class, bad -> {
                    assertThat(bad.problems()).hasSize(1);
                    assertThat(bad.problems().getFirst().path()).isEqualTo(path);
                    assertThat(bad.problems().getFirst().line()).isEqualTo(9);
                    assertThat(bad.problems().getFirst().message()).contains("there is no model '");
                });
    }

    @Test
    void aModelThatIsLeftOutForWantOfAKeyMayBeNamed() {
        TestGateway.start(configuration("off: { keyless: [hedge] }, rules: [ { name: x, use: keyless } ]"))
                .close();
    }

    private String configuration(String option) {
        return """
                edgeway:
                  models:
                    gpt: { cloud: { upstreams: [fake] } }
                    keyless: { cloud: { upstreams: [gone] } }
                  upstreams: { fake: { url: "%s" }, gone: { url: "%s", skip-without-key: true } }
                  plugins:
                    route:
                      type: router
                      %s
                  routes: [ { match: "/v1/*", chain: [route] } ]
                """.formatted(cloud.url(), cloud.url(), option.replace("}, rules", "}\n      rules"));
    }

    // ---- cascade

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSureLocalModelAnswers(boolean stream) throws Exception {
        router("policy: cascade");
        ChainHarness.Answer answer = ask("auto", stream);
        assertThat(backend(answer)).isEqualTo("local/nano");
        if (stream) {
            assertThat(route(answer)).isEqualTo("cascade; entropy=0.100; margin=0.900");
        }
        assertThat(cloud.waiting()).isZero();
        assertThat(answer.exchange().usage()).isEqualTo(Usage.of(3, 2));
    }

    @Test
    void anUnsureLocalModelHandsOverBeforeAByteHasLeft() throws Exception {
        router("policy: cascade");
        local.entropy = 3;
        ChainHarness.Answer answer = ask("auto", true);
        assertThat(backend(answer)).isEqualTo("cloud/fake");
        assertThat(route(answer)).isEqualTo("cascade; entropy=3.000; margin=0.900");
        assertThat(answer.body()).doesNotContain("local").contains("word7");
        assertThat(local.cancelled).isCompleted();
        assertThat(answer.exchange().usage())
                .as("what the local model used counts too")
                .isEqualTo(Usage.of(13, 10));
        assertThat(count("edgeway.router.escalations")).isEqualTo(1);
    }

    @Test
    void aModelIsJudgedByTheJudgeItBrought() throws Exception {
        String judge = "{\"kind\":\"confidence\",\"tokens\":12,\"head_weight\":0,\"weights\":[-9,0,0,0],\"bias\":9}";
        local.judge = Files.writeString(directory.resolve("judge.json"), judge);
        router("policy: cascade");
        started();
        assertThat(backend(ask("auto", true))).isEqualTo("local/nano");
        local.entropy = 1.1f;
        ChainHarness.Answer answer = ask("auto", true);
        assertThat(backend(answer)).as("the bounds would have let it pass").isEqualTo("cloud/fake");
        assertThat(route(answer)).isEqualTo("cascade; p=0.289");
        router("policy: cascade, cascade: { judge: bounds }");
        started();
        assertThat(backend(ask("auto", true))).isEqualTo("local/nano");
    }

    @ParameterizedTest
    @CsvSource({
        "0, '', local/nano, cascade; p=1.000",
        "1, '', cloud/fake, cascade; p=0.047",
        "1, ', difficulty: { threshold: 0.5 }', cloud/fake, difficulty; p=0.000",
        "0, ', difficulty: { threshold: 0.5 }', cloud/fake, difficulty; p=0.000",
    })
    void aJudgeWeighsTheHeadUnlessTheHeadHasAThresholdOfItsOwn(
            double weight, String options, String backend, String route) throws Exception {
        String judge = "{\"kind\":\"confidence\",\"tokens\":12,\"head_weight\":" + weight
                + ",\"weights\":[0,0,0,0],\"bias\":9}";
        local.judge = Files.writeString(directory.resolve("judge.json"), judge);
        routerWithHead(-12, "policy: cascade" + options);
        ChainHarness.Answer answer = ask("auto", true);
        assertThat(backend(answer)).isEqualTo(backend);
        assertThat(route(answer)).isEqualTo(route);
    }

    @Test
    void withoutAJudgeTheHeadIsAskedFirst() throws Exception {
        routerWithHead(-12, "policy: cascade");
        assertThat(route(ask("auto", true))).isEqualTo("difficulty; p=0.000");
        routerWithHead(12, "policy: cascade");
        assertThat(backend(ask("auto", true))).isEqualTo("local/nano");
    }

    @Test
    void aModelWithABrokenJudgeKeepsTheGatewayFromStarting() throws Exception {
        local.judge = Files.writeString(directory.resolve("judge.json"), "{}");
        router("policy: cascade");
        assertThatThrownBy(this::started).hasStackTraceContaining("judge.json");
    }

    @Test
    void aLocalModelThatTakesTooLongHandsOver() throws Exception {
        router("policy: cascade, cascade: { max-delay: 50ms }");
        local.silent = true;
        ChainHarness.Answer answer = ask("auto", true);
        assertThat(backend(answer)).isEqualTo("cloud/fake");
        assertThat(route(answer)).isEqualTo("cascade; late");
        assertThat(local.cancelled).isCompleted();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aModelThatSaysItDoesNotKnowHandsOver(boolean stream) throws Exception {
        router("policy: cascade");
        local.says = "I don't know the ";
        ChainHarness.Answer answer = ask("auto", stream);
        assertThat(backend(answer)).isEqualTo("cloud/fake");
        assertThat(route(answer)).isEqualTo("cascade; hands-over");
        local.says = "I do know the ";
        answer = ask("auto", stream);
        assertThat(backend(answer)).isEqualTo("local/nano");
        assertThat(answer.body()).contains("I do know the ");
        assertThat(answer.exchange().usage()).isEqualTo(Usage.of(3, 2));
    }

    @Test
    void aDoubtfulLocalAnswerIsBetterThanNone() throws Exception {
        router("policy: cascade");
        local.entropy = 3;
        cloud.standard(Behaviour.of("status=500"));
        ChainHarness.Answer answer = ask("auto", true);
        assertThat(backend(answer)).isEqualTo("local/nano");
        assertThat(route(answer)).isEqualTo("fallback; from=cloud/fake; cause=upstream_error");
    }

    // ---- load

    @Test
    void aLongLocalQueueSpillsToTheCloud() throws Exception {
        router("");
        local.load = new Load(4, 4, 20, 5 * SECOND, 1000, 50);
        ChainHarness.Answer answer = ask("edge", false);
        assertThat(backend(answer)).isEqualTo("cloud/fake");
        assertThat(route(answer)).isEqualTo("load; wait-ms=5000");
        local.load = new Load(4, 1, 0, 0, 1000, 50);
        assertThat(backend(ask("edge", false))).isEqualTo("local/nano");
    }

    @Test
    void aQueueThatMissesTheDeadlineIsA429WhereNothingElseAnswers() {
        router("");
        local.load = new Load(4, 4, 20, 5 * SECOND, 1000, 50);
        Exchange exchange = harness.exchange(Principal.ANONYMOUS, body("nano", false, "x"));
        exchange.deadlineNanos(System.nanoTime() + SECOND);
        ApiException refusal = refused(harness.send(router, null, exchange));
        assertThat(refusal.status()).isEqualTo(429);
        assertThat(refusal.retryAfterMillis()).isEqualTo(5000);
    }

    // ---- the matrix: what the cloud does, whole or as a stream, under each policy

    private enum Cloud {
        ANSWERS,
        FAILS,
        BREAKS
    }

    static Stream<Arguments> matrix() {
        Map<String, Cloud> scripts = new LinkedHashMap<>();
        scripts.put("latency=200", Cloud.ANSWERS);
        scripts.put("dribble", Cloud.ANSWERS);
        scripts.put("pace=10", Cloud.ANSWERS);
        scripts.put("status=429&retry-after=60", Cloud.FAILS);
        scripts.put("status=500", Cloud.FAILS);
        scripts.put("garbage", Cloud.FAILS);
        scripts.put("reset=0", Cloud.FAILS);
        scripts.put("reset=900", Cloud.BREAKS);
        scripts.put("stall=3", Cloud.BREAKS);
        scripts.put("truncate=3", Cloud.BREAKS);
        List<Arguments> cases = new ArrayList<>();
        scripts.forEach((script, cloud) -> {
            for (boolean stream : new boolean[] {false, true}) {
                // A whole reply has no middle: it is cut within its body, or is there.
                Cloud does = stream || cloud != Cloud.BREAKS
                        ? cloud
                        : script.startsWith("reset") ? Cloud.FAILS : Cloud.ANSWERS;
                String told = !stream && script.startsWith("reset=9") ? "reset=9" : script;
                for (String policy : List.of("order", "cascade", "hedge", "alone")) {
                    cases.add(Arguments.of(told, stream, policy, does));
                }
            }
        });
        return cases.stream();
    }

    @ParameterizedTest(name = "{0}, stream {1}, {2}: the cloud {3}")
    @MethodSource("matrix")
    void oneAnswerWhateverTheCloudDoesAndEveryTokenCounted(String script, boolean stream, String policy, Cloud does)
            throws Exception {
        // A busy machine falls silent, too, where nothing stalls.
        String stall = script.startsWith("stall") ? "150ms" : "8s";
        router("going-on: { enabled: " + !policy.equals("alone") + ", stall: " + stall + " }"
                + switch (policy) {
                    case "cascade" -> ", policy: cascade";
                    case "hedge" -> ", hedge: { enabled: true }";
                    case "alone" -> ", failover: false";
                    default -> "";
                });
        local.says = policy.equals("cascade") ? "I don't know the " : "local ";
        String localText = local.says + "words";
        // What the cascade let the local model begin is paid for too.
        Usage begun = policy.equals("cascade") ? Usage.of(3, 2) : Usage.NONE;
        cloud.next(script);
        ChainHarness.Call call = harness.send(
                router, null, Principal.ANONYMOUS, body(policy.equals("alone") ? "alone" : "auto", stream, "hi"));
        if (policy.equals("alone") && does != Cloud.ANSWERS && !script.startsWith("stall")) {
            assertThat(refused(call).code()).isNotNull();
            assertThat(local.calls).isEmpty();
            return;
        }
        if (policy.equals("alone") && does != Cloud.ANSWERS) {
            call.firstBytes.get(5, TimeUnit.SECONDS);
            call.leave();
            cloud.take().gone().get(2, TimeUnit.SECONDS);
            return;
        }
        ChainHarness.Answer answer = call.get();
        String text = stream ? Chunks.text(answer.body()) : whole(answer.body());
        Usage usage = answer.exchange().usage();
        switch (does) {
            case ANSWERS -> {
                assertThat(text).isEqualTo("word0 word1 word2 word3 word4 word5 word6 word7 ");
                assertThat(usage).isEqualTo(begun.plus(Usage.of(10, 8)));
            }
            case FAILS -> {
                assertThat(text).isEqualTo(localText);
                assertThat(usage).isEqualTo(begun.plus(Usage.of(3, 2)));
                assertThat(route(answer)).startsWith("fallback; from=cloud/fake; cause=");
            }
            case BREAKS -> {
                String sent = local.continued.getLast();
                assertThat(sent).startsWith("word0 word1 ");
                assertThat(text).isEqualTo(sent + localText);
                assertThat(usage.completion()).isEqualTo(begun.completion() + sent.split(" ").length + 2);
            }
        }
        if (stream) {
            assertThat(Chunks.done(answer.body())).isTrue();
            assertThat(answer.body().split("\\[DONE]", -1)).as("one end").hasSize(2);
        }
        assertThat(cloud.waiting()).as("one call").isEqualTo(1);
    }

    private static String whole(String completion) {
        Map<?, ?> choice =
                (Map<?, ?>) ((List<?>) Json.readObject(completion.getBytes()).get("choices")).getFirst();
        return (String) ((Map<?, ?>) choice.get("message")).get("content");
    }

    // ---- failing over

    @ParameterizedTest
    @CsvSource({
        "false, status=500, upstream_error",
        "true, status=503, upstream_unavailable",
        "true, status=429&retry-after=60, upstream_rate_limit",
        "false, status=401, upstream_auth",
        "true, garbage, upstream_invalid_reply",
        "true, reset=0, upstream_broken",
    })
    void theLocalModelAnswersWhereTheCloudCannotBegin(boolean stream, String script, String cause) throws Exception {
        router("");
        cloud.next(script);
        ChainHarness.Answer answer = ask("auto", stream);
        assertThat(answer.body()).contains("local");
        assertThat(route(answer)).isEqualTo("fallback; from=cloud/fake; cause=" + cause);
        assertThat(backend(answer)).isEqualTo("local/nano");
        cloud.next(script);
        assertThat(backend(ask("gpt", stream))).as("the model's own fallback").isEqualTo("local/nano");
    }

    @Test
    void aBadRequestIsNotTriedElsewhere() {
        router("");
        cloud.next("status=400");
        assertThat(refused(harness.send(router, null, Principal.ANONYMOUS, body("auto", false, "x")))
                        .status())
                .isEqualTo(400);
        assertThat(local.calls).isEmpty();
    }

    @Test
    void withoutTheLinkTheBreakerSparesTheWait() throws Exception {
        router("");
        cloud.close();
        for (int i = 0; i < 3; i++) {
            assertThat(route(ask("auto", true))).isEqualTo("fallback; from=cloud/fake; cause=upstream_unreachable");
        }
        ChainHarness.Answer answer = ask("auto", true);
        assertThat(route(answer)).isEqualTo("health; unavailable=cloud/fake");
        assertThat(Chunks.text(answer.body())).isEqualTo("local words");
        cloud = FakeCloud.start();
    }

    @Test
    void theCloudAnswersWhereTheLocalModelFails() throws Exception {
        router("");
        local.failure = ApiException.internal();
        assertThat(backend(ask("edge", true))).isEqualTo("cloud/fake");
        local.failure = ApiException.badRequest("messages", "context_length_exceeded", "too long");
        assertThat(backend(ask("edge", true))).isEqualTo("cloud/fake");
    }

    @Test
    void failoverCanBeSwitchedOff() {
        router("failover: false");
        cloud.next("status=500");
        assertThat(refused(harness.send(router, null, Principal.ANONYMOUS, body("auto", false, "x")))
                        .status())
                .isEqualTo(502);
    }

    // ---- going on

    @ParameterizedTest
    @CsvSource({
        "truncate=3, upstream_stream_truncated",
        "stall=3, upstream_stalled",
        "reset=900, upstream_broken",
    })
    void theLocalModelGoesOnWhereACloudStreamBreaks(String script, String reason) throws Exception {
        router("going-on: { stall: 150ms }");
        cloud.next(script);
        ChainHarness.Answer answer = ask("auto", true);
        String sent = local.continued.getFirst();
        assertThat(sent).startsWith("word0 word1 ");
        assertThat(Chunks.text(answer.body())).isEqualTo(sent + "local words");
        assertThat(Chunks.done(answer.body())).isTrue();
        assertThat(Chunks.of(answer.body()))
                .allSatisfy(chunk -> assertThat(chunk.get("id")).isEqualTo("chatcmpl-fake"));
        assertThat(answer.body())
                .contains("\"edgeway\":{\"takeover\":{\"from\":\"cloud/fake\",\"to\":\"local/nano\",\"reason\":\""
                        + reason)
                .contains("event: edgeway.takeover\n")
                .doesNotContain("\"error\"");
        assertThat(answer.body().split("\"role\"", -1)).as("one role").hasSize(2);
        int tokens = sent.split(" ").length;
        assertThat(answer.exchange().usage().completion()).isEqualTo(tokens + 2);
        assertThat(count("edgeway.router.takeovers")).isEqualTo(1);
    }

    @Test
    void theUsageThatIsToldAddsUp() throws Exception {
        router("");
        cloud.next("truncate=3");
        ChainHarness.Answer answer = harness.send(
                        router,
                        null,
                        Principal.ANONYMOUS,
                        "{\"model\":\"auto\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
                                + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")
                .get();
        Usage usage = answer.exchange().usage();
        assertThat(answer.body()).contains("\"completion_tokens\":" + usage.completion());
        assertThat(usage.completion()).isEqualTo(5);
    }

    @Test
    void theCloudGoesOnWhereALocalStreamBreaks() throws Exception {
        router("");
        local.breakAfter = 1;
        cloud.next("text=and the rest");
        ChainHarness.Answer answer = ask("edge", true);
        assertThat(Chunks.text(answer.body())).isEqualTo("local and the rest");
        assertThat(cloud.take().body().toString()).contains("{\"role\":\"assistant\",\"content\":\"local \"}");
        assertThat(Chunks.done(answer.body())).isTrue();
    }

    @Test
    void aStreamThatOnlyLacksItsLastWordIsEnded() throws Exception {
        router("going-on: { stall: 150ms }");
        local.available = false;
        cloud.next("tokens=3&stall=4");
        cloud.next("tokens=2&truncate=2");
        ChainHarness.Answer answer = ask("auto", true);
        assertThat(Chunks.done(answer.body())).isTrue();
    }

    @Test
    void withNothingToGoOnWithTheBreakIsTold() {
        router("going-on: { enabled: false }");
        cloud.next("truncate=3");
        assertThat(refused(harness.send(router, null, Principal.ANONYMOUS, body("auto", true, "x")))
                        .code())
                .isEqualTo("upstream_stream_truncated");
        router("");
        local.available = false;
        cloud.next("truncate=3");
        assertThat(refused(harness.send(router, null, Principal.ANONYMOUS, body("auto", true, "x")))
                        .code())
                .isEqualTo("upstream_stream_truncated");
        assertThat(local.calls).isEmpty();
    }

    // ---- hedging

    @Test
    void theLocalModelIsTheHedgeOfALateCloud() throws Exception {
        router("hedge: { enabled: true, budget: 100%, floor: 1ms }, going-on: { enabled: false }");
        for (int i = 0; i < 40; i++) {
            ask("auto", true);
        }
        while (cloud.waiting() > 0) {
            cloud.take();
        }
        double won = count("edgeway.router.hedges.won");
        cloud.next("latency=5000");
        long start = System.nanoTime();
        ChainHarness.Answer answer = ask("auto", true);
        assertThat(backend(answer)).isEqualTo("local/nano");
        assertThat(route(answer)).isEqualTo("hedge; late=cloud/fake");
        assertThat(Chunks.text(answer.body())).as("one answer").isEqualTo("local words");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
        cloud.take().gone().get(2, TimeUnit.SECONDS);
        assertThat(count("edgeway.router.hedges.won")).isEqualTo(won + 1);
    }

    // ---- the client

    @Test
    void aClientThatLeavesStopsEveryLane() throws Exception {
        router("policy: cascade, cascade: { max-delay: 10s }");
        local.silent = true;
        ChainHarness.Call call = harness.send(router, null, Principal.ANONYMOUS, body("auto", true, "x"));
        while (local.calls.isEmpty()) {
            Thread.onSpinWait();
        }
        call.leave();
        local.cancelled.get(2, TimeUnit.SECONDS);
        assertThatThrownBy(call::get).hasCauseInstanceOf(ApiException.class);
        assertThat(cloud.waiting()).isZero();
    }

    @Test
    void aClientThatLeavesAfterATakeoverStopsTheSecondModel() throws Exception {
        router("");
        cloud.next("tokens=100000&pace=5");
        ChainHarness.Call call = harness.send(router, null, Principal.ANONYMOUS, body("auto", true, "x"));
        call.firstBytes.get(5, TimeUnit.SECONDS);
        call.leave();
        cloud.take().gone().get(2, TimeUnit.SECONDS);
        assertThat(call.exchange.usage().completion()).isPositive();
    }
}
