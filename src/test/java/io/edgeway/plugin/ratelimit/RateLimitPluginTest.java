package io.edgeway.plugin.ratelimit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Models;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.ChainHarness;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.GatedBackend;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RateLimitPluginTest {
    /** 8 characters of prompt in a message: 2 + 4 tokens; 94 of reply. 100 in all. */
    private static final String HUNDRED_TOKENS =
            "{\"model\":\"m\",\"max_tokens\":94,\"messages\":[{\"role\":\"user\",\"content\":\"hi there\"}]}";

    private static final Principal SHOP = key("shop-7", "");

    @TempDir
    Path directory;

    private ChainHarness chain;
    private final GatedBackend backend = new GatedBackend();

    @BeforeEach
    void open() {
        chain = new ChainHarness(directory);
    }

    @AfterEach
    void close() throws Exception {
        chain.close();
    }

    private Plugin limit(String yaml) throws Exception {
        return chain.plugin(new RateLimitFactory(), yaml);
    }

    private static Principal key(String id, String limits) {
        return new Principal("tenant", id, Set.of(), Set.of(), limits.isEmpty() ? Map.of() : Map.of("limits", limits));
    }

    private ChainHarness.Call send(Plugin plugin, Principal principal) {
        return chain.send(plugin, backend, principal, HUNDRED_TOKENS);
    }

    private ChainHarness.Answer answer(Plugin plugin, Principal principal) throws Exception {
        ChainHarness.Call call = send(plugin, principal);
        backend.take().whole(Chunks.whole("ok"));
        return call.get();
    }

    private static ApiException refusal(ChainHarness.Call call) {
        return (ApiException) assertThrows(ExecutionException.class, call::get).getCause();
    }

    @Test
    void refusesTheRequestBeyondTheLimitAndSaysWhenToComeBack() throws Exception {
        Plugin plugin = limit("requests: 2/min");
        assertEquals("1", answer(plugin, SHOP).headers().get("x-ratelimit-remaining-requests"));
        ChainHarness.Answer second = answer(plugin, SHOP);
        assertEquals("2", second.headers().get("x-ratelimit-limit-requests"));
        assertEquals("0", second.headers().get("x-ratelimit-remaining-requests"));
        assertTrue(
                second.headers().get("x-ratelimit-reset-requests").matches("1m0s|59(\\.\\d+)?s"),
                second.headers().get("x-ratelimit-reset-requests"));

        ChainHarness.Call third = send(plugin, SHOP);
        ApiException refusal = refusal(third);
        assertEquals(429, refusal.status());
        assertEquals("rate_limit_exceeded", refusal.code());
        assertTrue(refusal.getMessage().contains("key shop-7: 2 requests per minute"), refusal.getMessage());
        assertTrue(
                refusal.retryAfterMillis() > 25_000 && refusal.retryAfterMillis() <= 30_000,
                "retry after " + refusal.retryAfterMillis());
        assertEquals("it/requests/minute", third.exchange.replyHeaders().get("x-edgeway-limit"));
        assertEquals(2, backend.calls.get());
        answer(plugin, key("shop-8", ""));
    }

    @Test
    void settlesTokensByRealUsage() throws Exception {
        Plugin plugin = limit("tokens: 300/day");
        ChainHarness.Call call = send(plugin, SHOP);
        GatedBackend.Pending pending = backend.take();
        assertEquals("200", call.exchange.replyHeaders().get("x-ratelimit-remaining-tokens"));
        pending.whole(Chunks.whole("ok"));
        call.get();
        // Seven were used of the hundred reserved; the next hundred leave 193.
        assertEquals("193", answer(plugin, SHOP).headers().get("x-ratelimit-remaining-tokens"));
    }

    @Test
    void concurrentCallsCannotOverrunTheTokensTogether() throws Exception {
        Plugin plugin = limit("tokens: 250/day");
        List<ChainHarness.Call> calls = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            calls.add(send(plugin, SHOP));
        }
        GatedBackend.Pending first = backend.take();
        GatedBackend.Pending second = backend.take();
        int refused = 0;
        for (ChainHarness.Call call : calls) {
            if (call.exchange != first.exchange && call.exchange != second.exchange) {
                assertEquals(429, refusal(call).status());
                refused++;
            }
        }
        assertEquals(8, refused);
        assertEquals(2, backend.calls.get());
    }

    @Test
    void givesBackWhatAFailedCallReserved() throws Exception {
        Plugin plugin = limit("tokens: 100/day\nconcurrent: 1");
        for (int i = 0; i < 5; i++) {
            ChainHarness.Call call = send(plugin, SHOP);
            backend.take().fail(ApiException.upstream("bad_gateway", "no"));
            assertEquals(502, refusal(call).status());
        }
    }

    @Test
    void chargesAClientThatLeavesForWhatItStreamed() throws Exception {
        Plugin plugin = limit("tokens: 200/day\nconcurrent: 1");
        ChainHarness.Call call = send(plugin, SHOP);
        GatedBackend.Pending pending = backend.take();
        pending.stream(Chunks.delta("a") + Chunks.delta("b") + Chunks.delta("c"));
        call.firstBytes.get();
        call.leave();
        pending.ended.get();
        // Six of the prompt and three events: 191 are left, of which the next call reserves a hundred.
        assertEquals("91", answer(plugin, SHOP).headers().get("x-ratelimit-remaining-tokens"));
    }

    @Test
    void chargesAClientThatLeavesBeforeTheReplyForItsPrompt() throws Exception {
        Plugin plugin = limit("tokens: 200/day");
        ChainHarness.Call call = send(plugin, SHOP);
        GatedBackend.Pending pending = backend.take();
        call.leave();
        pending.ended.get();
        assertEquals("94", answer(plugin, SHOP).headers().get("x-ratelimit-remaining-tokens"));
    }

    @Test
    void chargesAStreamThatBreaksForWhatItStreamed() throws Exception {
        Plugin plugin = limit("tokens: 200/day");
        ChainHarness.Call call = send(plugin, SHOP);
        GatedBackend.Pending pending = backend.take();
        pending.stream(Chunks.delta("a"));
        pending.fail(ApiException.upstream("stream_broken", "gone"));
        assertEquals(502, refusal(call).status());
        assertEquals("93", answer(plugin, SHOP).headers().get("x-ratelimit-remaining-tokens"));
    }

    @Test
    void chargesNoTokensWhenNoBackendWasAsked() throws Exception {
        Plugin plugin = limit("tokens: 100/day");
        for (int i = 0; i < 3; i++) {
            ChainHarness.Call call = chain.send(
                    plugin,
                    exchange -> Future.succeededFuture(
                            Reply.json(Chunks.whole("cached").getBytes())),
                    SHOP,
                    HUNDRED_TOKENS);
            call.get();
        }
    }

    @Test
    void countsExchangesInFlight() throws Exception {
        Plugin plugin = limit("concurrent: 1");
        ChainHarness.Call first = send(plugin, SHOP);
        GatedBackend.Pending pending = backend.take();
        ApiException refusal = refusal(send(plugin, SHOP));
        assertEquals(1000, refusal.retryAfterMillis());
        pending.whole(Chunks.whole("ok"));
        first.get();
        answer(plugin, SHOP);
    }

    @Test
    void tellsThatARequestCanNeverFit() throws Exception {
        ApiException refusal = refusal(send(limit("tokens: 99/min"), SHOP));
        assertEquals(429, refusal.status());
        assertTrue(refusal.getMessage().contains("waiting does not help"), refusal.getMessage());
        assertEquals(-1, refusal.retryAfterMillis());
    }

    @Test
    void takesTheLimitsOfAllScopesOrNone() throws Exception {
        Plugin plugin = limit("per: key\nrequests: 10/day\nalso:\n  - { per: tenant, requests: 1/day }");
        answer(plugin, SHOP);
        for (int i = 0; i < 5; i++) {
            assertTrue(refusal(send(plugin, SHOP)).getMessage().contains("tenant tenant"));
        }
        ChainHarness.Answer elsewhere = answer(plugin, new Principal("other", "shop-7", Set.of(), Set.of(), Map.of()));
        // Of the key's ten two are taken: the five refusals gave theirs back. The tenant's one is tighter.
        assertEquals("0", elsewhere.headers().get("x-ratelimit-remaining-requests"));
        ChainHarness.Answer third = answer(
                limit("per: key\nrequests: 10/day"), new Principal("third", "shop-7", Set.of(), Set.of(), Map.of()));
        assertEquals("9", third.headers().get("x-ratelimit-remaining-requests"));
    }

    @Test
    void prefersTheLimitsOfTheKeyItself() throws Exception {
        Plugin plugin = limit("requests: 100/min");
        Principal small = key("small", "requests=1/day");
        answer(plugin, small);
        assertEquals(429, refusal(send(plugin, small)).status());
        assertEquals("99", answer(plugin, SHOP).headers().get("x-ratelimit-remaining-requests"));
    }

    @Test
    void keepsCountersThroughAReload() throws Exception {
        answer(limit("requests: 1/day"), SHOP);
        assertEquals(429, refusal(send(limit("requests: 1/day"), SHOP)).status());
    }

    @Test
    void refusesMoneyBeyondTheBudgetAndWarnsBefore() throws Exception {
        Plugin plugin = limit("""
                budget: { day: 0.000250, warn-at: 50% }
                prices: { m: { input: 1, output: 1 } }
                """);
        // A hundred tokens are reserved, seven are used, at a millionth each.
        ChainHarness.Call first = send(plugin, SHOP);
        ChainHarness.Call second = send(plugin, SHOP);
        GatedBackend.Pending one = backend.take();
        GatedBackend.Pending two = backend.take();
        ChainHarness.Call third = send(plugin, SHOP);
        ApiException refusal = refusal(third);
        assertEquals("insufficient_quota", refusal.code());
        assertTrue(refusal.retryAfterMillis() > 0 && refusal.retryAfterMillis() <= 86_400_000);
        one.whole(Chunks.whole("ok"));
        two.whole(Chunks.whole("ok"));
        first.get();
        second.get();
        String warned = Set.of(first, second).stream()
                .map(call -> call.exchange.replyHeaders().get(BudgetWarnings.HEADER))
                .filter(header -> header != null)
                .findFirst()
                .orElseThrow();
        assertEquals("it; budget/day; spent=0.0002; limit=0.00025", warned);
        assertNull(answer(plugin, SHOP).headers().get(BudgetWarnings.HEADER));
        assertEquals(
                1,
                chain.meters()
                        .counter("edgeway.budget.warnings", "plugin", "it")
                        .count());
    }

    private void priced(Model.Price price) {
        chain.models(new Models(List.of(new Model("m", Model.Kind.CLOUD, null, List.of(), 0, 0, price))));
    }

    @Test
    void aModelsOwnPriceHoldsWhereThePluginHasNone() throws Exception {
        priced(new Model.Price(1, 1, 1));
        Plugin plugin = limit("budget: { day: 0.000110 }");
        answer(plugin, SHOP);
        answer(plugin, SHOP);
        assertEquals("insufficient_quota", refusal(send(plugin, SHOP)).code());
        Plugin free = limit("budget: { day: 0.000110 }\nprices: { m: { input: 0, output: 0 } }");
        Principal other = key("shop-8", "");
        for (int i = 0; i < 3; i++) {
            answer(free, other);
        }
    }

    @Test
    void whatTheUpstreamHadCachedCostsWhatTheModelSays() throws Exception {
        for (double cached : new double[] {0, 1}) {
            priced(new Model.Price(1, 0, cached));
            Plugin plugin = limit("budget: { day: 0.000050 }");
            Principal caller = key("cached-" + cached, "");
            ChainHarness.Call first = send(plugin, caller);
            backend.take().whole(Chunks.whole("ok"), new Usage(100, 0, 100));
            first.get();
            if (cached == 0) {
                answer(plugin, caller);
            } else {
                assertEquals("insufficient_quota", refusal(send(plugin, caller)).code());
            }
        }
    }

    @Test
    void moneyNeedsAPriceForEveryCloudModel() {
        priced(null);
        IllegalArgumentException problem =
                assertThrows(IllegalArgumentException.class, () -> limit("budget: { day: 1 }"));
        assertTrue(problem.getMessage().startsWith("prices: money is limited"), problem.getMessage());
        priced(new Model.Price(-1, 1, 1));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> limit("budget: { day: 1 }"))
                .getMessage()
                .startsWith("the price of the model 'm': expected"));
    }

    @Test
    void remembersBudgetsThroughARestart() throws Exception {
        String yaml = "budget: { day: 0.000110 }\nprices: { m: { input: 1, output: 1 } }";
        answer(limit(yaml), SHOP);
        answer(limit(yaml), SHOP);
        chain.closeShared();
        ApiException refusal = refusal(send(limit(yaml), SHOP));
        assertTrue(refusal.getMessage().contains("a budget of 0.00011 per day"), refusal.getMessage());
    }

    @Test
    void knowsAnIpv6CustomerByItsNetwork() {
        Exchange exchange = chain.exchange(Principal.ANONYMOUS, HUNDRED_TOKENS);
        assertEquals("127.0.0.1", Scope.ADDRESS.of(exchange, chain.models()));
    }

    @Test
    void refusesBadOptionsByName() {
        for (String[] bad : new String[][] {
            {"concurrent: 0", "concurrent: expected"},
            {"spend: 5", "spend: expected"},
            {"budget: { day: lots }", "budget.day: expected"},
            {"budget: { day: 1, zone: Nowhere }", "budget.zone: expected"},
            {"requests: 1/min\nnodes: 0", "nodes: expected"},
            {"requests: 1/min\nburst: 0%", "burst: expected"},
            {"per: tenant", "requests: set at least one"},
            {"requests: 1/min\nalso:\n  - { per: tenant }", "also[0].requests: set at least one"},
            {"prices: { m: { input: free } }", "prices.m.input: expected"},
            {"requests: 1/min\nredis: { url: \"http://cache\" }", "redis.url: expected"},
            {"requests: 1/min\nredis: { url: \"redis://\" }", "redis.url: "},
        }) {
            IllegalArgumentException problem =
                    assertThrows(IllegalArgumentException.class, () -> limit(bad[0]), bad[0]);
            assertTrue(problem.getMessage().startsWith(bad[1]), problem.getMessage());
        }
    }
}
