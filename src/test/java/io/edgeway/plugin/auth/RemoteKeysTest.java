package io.edgeway.plugin.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.ChainHarness;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tokens of an identity provider that publishes its keys, as one does: by a URL of its own, rotating them. */
@Timeout(60)
class RemoteKeysTest {
    private static final String BODY = "{\"model\":\"nano\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    private static KeyPair first;
    private static KeyPair second;

    @TempDir
    Path directory;

    ChainHarness chain;
    Plugin plugin;
    HttpServer provider;
    final List<Object> published = new CopyOnWriteArrayList<>();
    final AtomicInteger fetches = new AtomicInteger();
    volatile String document;

    @BeforeAll
    static void keys() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        first = generator.generateKeyPair();
        second = generator.generateKeyPair();
    }

    @BeforeEach
    void start() throws Exception {
        chain = new ChainHarness(directory);
        provider = await(
                chain.vertx().createHttpServer().requestHandler(this::serve).listen(0, "127.0.0.1"));
        published.add(jwk("one", first));
    }

    @AfterEach
    void stop() throws Exception {
        if (plugin != null) {
            plugin.close();
        }
        chain.close();
    }

    private void serve(HttpServerRequest request) {
        if (request.path().equals("/realm/.well-known/openid-configuration")) {
            request.response()
                    .end(new JsonObject()
                            .put("issuer", issuer())
                            .put("jwks_uri", url("/keys"))
                            .encode());
        } else if (request.path().equals("/keys")) {
            fetches.incrementAndGet();
            request.response()
                    .end(
                            document != null
                                    ? document
                                    : new JsonObject()
                                            .put("keys", new JsonArray(published))
                                            .encode());
        } else {
            request.response().setStatusCode(404).end();
        }
    }

    private String url(String path) {
        return "http://127.0.0.1:" + provider.actualPort() + path;
    }

    private String issuer() {
        return url("/realm");
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private static JsonObject jwk(String id, KeyPair pair) {
        RSAPublicKey key = (RSAPublicKey) pair.getPublic();
        return new JsonObject()
                .put("kty", "RSA")
                .put("use", "sig")
                .put("alg", "RS256")
                .put("kid", id)
                .put("n", base64(unsigned(key.getModulus())))
                .put("e", base64(unsigned(key.getPublicExponent())));
    }

    private static byte[] unsigned(BigInteger number) {
        byte[] bytes = number.toByteArray();
        return bytes[0] == 0 ? java.util.Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private JsonObject claims() {
        long now = System.currentTimeMillis() / 1000;
        return new JsonObject()
                .put("iss", issuer())
                .put("aud", "edgeway")
                .put("sub", "ann")
                .put("org", "acme")
                .put("plan", "pro")
                .put("iat", now)
                .put("exp", now + 600);
    }

    /** Signed as by the provider, not by the library that checks. */
    private static String sign(JsonObject header, JsonObject claims, KeyPair pair) throws Exception {
        String signed = base64(header.encode().getBytes(StandardCharsets.UTF_8))
                + '.'
                + base64(claims.encode().getBytes(StandardCharsets.UTF_8));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(pair.getPrivate());
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + '.' + base64(signature.sign());
    }

    private static JsonObject header(String key) {
        return new JsonObject().put("alg", "RS256").put("kid", key);
    }

    private void auth(String source) throws Exception {
        plugin = chain.plugin(new AuthFactory(), """
                jwt:
                  %s
                  issuer: %s
                  audience: [edgeway]
                  tenant-claim: org
                  limits-claim: plan
                  limits: { pro: "requests=600/min", free: "requests=6/min" }
                """.formatted(source, issuer()));
    }

    private ChainHarness.Call send(String token) {
        return chain.send(
                plugin,
                exchange -> Future.succeededFuture(Reply.json("{}".getBytes(StandardCharsets.UTF_8))),
                chain.exchange(Principal.ANONYMOUS, BODY, "authorization", "Bearer " + token));
    }

    private Principal admitted(String token) throws Exception {
        ChainHarness.Call call = send(token);
        call.get();
        return call.exchange.principal();
    }

    private int refused(String token) {
        return ((ApiException)
                        assertThrows(ExecutionException.class, send(token)::get).getCause())
                .status();
    }

    @Test
    void keysAreFoundByTheIssuersDocument() throws Exception {
        auth("discover: true");
        Principal principal = admitted(sign(header("one"), claims(), first));
        assertEquals("acme", principal.tenant());
        assertEquals("jwt:ann", principal.keyId());
        assertEquals("requests=600/min", principal.attributes().get("limits"));
        for (int i = 0; i < 5; i++) {
            admitted(sign(header("one"), claims(), first));
        }
        assertEquals(1, fetches.get(), "kept");
    }

    @Test
    void whatDoesNotFitIsRefused() throws Exception {
        auth("jwks-url: " + url("/keys"));
        admitted(sign(header("one"), claims(), first));
        String unsigned = base64("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8))
                + '.'
                + base64(claims().encode().getBytes(StandardCharsets.UTF_8))
                + '.';
        long past = System.currentTimeMillis() / 1000 - 3600;
        JsonObject eternal = claims();
        eternal.remove("exp");
        for (String bad : List.of(
                unsigned,
                sign(header("one"), claims(), second),
                sign(header("one").put("alg", "HS256"), claims(), first),
                sign(header("one").put("alg", "RS512"), claims(), first),
                sign(header("one"), claims().put("iss", "https://evil.example"), first),
                sign(header("one"), claims().put("aud", "other"), first),
                sign(header("one"), claims().put("exp", past), first),
                sign(header("one"), claims().put("nbf", past + 7200), first),
                sign(header("one"), eternal, first),
                "eyJ!.e30.x")) {
            assertEquals(401, refused(bad), bad);
        }
    }

    @Test
    void anUnsignedTokenIsRefusedEvenWhereNoKeyCanBeUsed() throws Exception {
        published.clear();
        published.add(new JsonObject().put("kty", "strange").put("kid", "one"));
        auth("jwks-url: " + url("/keys"));
        String unsigned = base64("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8))
                + '.'
                + base64(claims().encode().getBytes(StandardCharsets.UTF_8))
                + '.';
        assertEquals(401, refused(unsigned));
    }

    @Test
    void aPublishedSecretSignsNothing() throws Exception {
        String secret = base64("a secret that everybody knows by now".getBytes(StandardCharsets.UTF_8));
        published.add(new JsonObject()
                .put("kty", "oct")
                .put("alg", "HS256")
                .put("kid", "oct")
                .put("k", secret));
        auth("jwks-url: " + url("/keys") + "\n  algorithms: [HS256, RS256]");
        String signed = base64("{\"alg\":\"HS256\",\"kid\":\"oct\"}".getBytes(StandardCharsets.UTF_8))
                + '.'
                + base64(claims().encode().getBytes(StandardCharsets.UTF_8));
        javax.crypto.Mac mac = javax.crypto.Mac.getInstance("HmacSHA256");
        mac.init(new javax.crypto.spec.SecretKeySpec(Base64.getUrlDecoder().decode(secret), "HmacSHA256"));
        assertEquals(401, refused(signed + '.' + base64(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)))));
    }

    @Test
    void aRotatedKeyIsFetchedOnceAndUnknownOnesAreRationed() throws Exception {
        AtomicLong clock = new AtomicLong();
        AuthConfig.Jwt options = chain.options(
                        new AuthFactory(), "jwt: { jwks-url: \"" + url("/keys") + "\", tenant-claim: org }")
                .jwt();
        try (RemoteKeys keys = new RemoteKeys(chain.vertx(), options, clock::get, well -> {})) {
            assertTrue(await(keys.find("one")).knows("one"));
            assertEquals(1, fetches.get());
            published.add(jwk("two", second));
            assertFalse(await(keys.find("two")).knows("two"), "too soon after the last fetch");
            assertEquals(1, fetches.get());

            clock.addAndGet(TimeUnit.SECONDS.toNanos(11));
            Future<Tokens> a = keys.find("two");
            Future<Tokens> b = keys.find("two");
            assertTrue(await(a).knows("two"));
            await(b);
            assertEquals(2, fetches.get(), "one fetch for all who ask");
            assertEquals(
                    "acme",
                    await(await(a).check(sign(header("two"), claims(), second))).tenant());
            for (int i = 0; i < 100; i++) {
                await(keys.find("unknown-" + i));
            }
            assertEquals(2, fetches.get());

            document = "<html>down for maintenance</html>";
            clock.addAndGet(TimeUnit.SECONDS.toNanos(11));
            assertTrue(await(keys.find("three")).knows("one"), "the old keys stay");
            assertEquals(3, fetches.get());
            document = "{\"keys\":[" + " ".repeat(2 << 20) + "]}";
            clock.addAndGet(TimeUnit.SECONDS.toNanos(11));
            assertTrue(await(keys.find("three")).knows("one"), "no more is read than a key set holds");
        }
    }

    @Test
    void withoutAnyKeysTheGatewayIsHonest() throws Exception {
        document = "{}";
        auth("jwks-url: " + url("/keys"));
        assertEquals(503, refused(sign(header("one"), claims(), first)));
    }

    @Test
    void optionsThatCannotBeSafeAreRefused() throws Exception {
        for (String[] bad : new String[][] {
            {"jwt: { jwks-url: \"http://id.example/keys\" }", "jwt.jwks-url: expected an https:// URL"},
            {"jwt: { discover: true }", "jwt.issuer: discover needs"},
            {"jwt: { jwks-url: \"https://id.example\", algorithms: [none] }", "jwt.algorithms: expected"},
            {"jwt: { jwks-url: \"https://id.example\", jwks-file: a.json }", "jwt: expected one of"},
            {"jwt: { limits: { a: \"requests=1/min\" } }", "jwt.limits-claim"},
            {"jwt: { limits-claim: x, limits: { a: \"requests=lots\" } }", "jwt.limits.a: requests: expected a rate"}
        }) {
            String message = assertThrows(IllegalArgumentException.class, () -> chain.plugin(new AuthFactory(), bad[0]))
                    .getMessage();
            assertTrue(message.startsWith(bad[1]), message);
        }
        assertFalse(Files.exists(directory.resolve("a.json")));
    }
}
