package io.edgeway.plugin.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.ChainHarness;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.JWTOptions;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AuthPluginTest {
    private static final String BODY = "{\"model\":\"nano\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    @TempDir
    Path directory;

    private ChainHarness chain;
    private Plugin plugin;

    @BeforeEach
    void open() {
        chain = new ChainHarness(directory);
    }

    @AfterEach
    void close() throws Exception {
        if (plugin != null) {
            plugin.close();
        }
        chain.close();
    }

    private void auth(String yaml) throws Exception {
        plugin = chain.plugin(new AuthFactory(), yaml);
    }

    private Principal admitted(String... headers) throws Exception {
        ChainHarness.Call call = send("10.0.0.9", headers);
        call.get();
        return call.exchange.principal();
    }

    private ChainHarness.Call send(String address, String... headers) {
        MultiMap map = MultiMap.caseInsensitiveMultiMap();
        for (int i = 0; i < headers.length; i += 2) {
            map.set(headers[i], headers[i + 1]);
        }
        Exchange exchange =
                new Exchange("req", Dialect.CHAT, Dialect.CHAT.path(), Buffer.buffer(BODY), map, address, chain.loop());
        return chain.send(plugin, e -> Future.succeededFuture(Reply.json("{}".getBytes())), exchange);
    }

    private ApiException refused(String... headers) {
        return refusal(send("10.0.0.9", headers));
    }

    private static ApiException refusal(ChainHarness.Call call) {
        return (ApiException) assertThrows(ExecutionException.class, call::get).getCause();
    }

    private Path keyFile(VirtualKey... keys) throws Exception {
        Path file = directory.resolve("keys.yaml");
        new KeyFile(file).change(all -> {
            List<VirtualKey> more = new ArrayList<>(all);
            more.addAll(List.of(keys));
            return more;
        });
        return file;
    }

    private static VirtualKey key(String id, String secret) {
        return new VirtualKey(
                id, KeySecret.hash(secret), null, null, id, List.of(), List.of(), "", Instant.EPOCH, null, null);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "authorization | Bearer sk-ew-one",
                "authorization | bearer  sk-ew-one ",
                "x-api-key | sk-ew-one",
                "api-key | sk-ew-one"
            })
    void findsTheKeyWhereClientsPutIt(String header, String value) throws Exception {
        auth("keys: { shop-7: \"" + KeySecret.hash("sk-ew-one") + "\" }");
        Principal principal = admitted(header, value);
        assertEquals("shop-7", principal.keyId());
        assertEquals("shop-7", principal.tenant());
    }

    @Test
    void refusesWhoHasNoKeyOrAWrongOneWithoutRepeatingIt() throws Exception {
        auth("keys: { shop-7: \"" + KeySecret.hash("sk-ew-one") + "\" }");
        ApiException without = refused();
        assertEquals(401, without.status());
        assertEquals("invalid_api_key", without.code());
        ApiException wrong = refused("authorization", "Bearer sk-ew-wrong");
        assertEquals(401, wrong.status());
        assertFalse(new String(wrong.envelope()).contains("sk-ew-wrong"));
        assertEquals(401, refused("authorization", "Basic sk-ew-one").status());
        assertEquals(401, refused("authorization", "Bearer ").status());
        ChainHarness.Call call = send("10.0.0.9");
        refusal(call);
        assertEquals("Bearer", call.exchange.replyHeaders().get("www-authenticate"));
    }

    @Test
    void knowsWhatTheKeyFileSaysOfAKey() throws Exception {
        keyFile(new VirtualKey(
                "shop-7",
                KeySecret.hash("one"),
                null,
                null,
                "shops",
                List.of("nano"),
                List.of(),
                "requests=60/min",
                Instant.EPOCH,
                null,
                null));
        auth("keys-file: keys.yaml");
        Principal principal = admitted("authorization", "Bearer one");
        assertEquals("shops", principal.tenant());
        assertTrue(principal.mayUse("nano"));
        assertEquals("requests=60/min", principal.attributes().get("limits"));
    }

    @Test
    void keepsAKeyToItsModelsAndRoutes() throws Exception {
        keyFile(
                new VirtualKey(
                        "other",
                        KeySecret.hash("one"),
                        null,
                        null,
                        "t",
                        List.of("gpt"),
                        List.of(),
                        "",
                        null,
                        null,
                        null),
                new VirtualKey(
                        "embed",
                        KeySecret.hash("two"),
                        null,
                        null,
                        "t",
                        List.of(),
                        List.of("/v1/embeddings"),
                        "",
                        null,
                        null,
                        null));
        auth("keys-file: keys.yaml");
        ApiException model = refused("authorization", "Bearer one");
        assertEquals(404, model.status());
        assertEquals("model_not_found", model.code());
        ApiException route = refused("authorization", "Bearer two");
        assertEquals(403, route.status());
        assertTrue(route.getMessage().contains("/v1/embeddings"));
    }

    @Test
    void refusesKeysThatExpiredOrWereRevoked() throws Exception {
        Instant past = Instant.now().minusSeconds(1);
        keyFile(
                new VirtualKey(
                        "old", KeySecret.hash("one"), null, null, "t", List.of(), List.of(), "", null, past, null),
                key("gone", "two").revoke(past));
        auth("keys-file: keys.yaml");
        assertEquals(401, refused("authorization", "Bearer one").status());
        assertEquals(401, refused("authorization", "Bearer two").status());
    }

    @Test
    void takesTheOldSecretOfARotatedKeyUntilItsGraceEnds() throws Exception {
        keyFile(
                key("a", "old-a").rotate(KeySecret.hash("new-a"), Instant.now().plusSeconds(60)),
                key("b", "old-b").rotate(KeySecret.hash("new-b"), Instant.now().minusSeconds(1)));
        auth("keys-file: keys.yaml");
        assertEquals("a", admitted("authorization", "Bearer old-a").keyId());
        assertEquals("a", admitted("authorization", "Bearer new-a").keyId());
        assertEquals("b", admitted("authorization", "Bearer new-b").keyId());
        assertEquals(401, refused("authorization", "Bearer old-b").status());
    }

    @Test
    void followsTheKeyFileAndKeepsWhatItHadWhenItBreaks() throws Exception {
        Path file = keyFile(key("a", "one"));
        auth("keys-file: keys.yaml");
        assertEquals(401, refused("authorization", "Bearer two").status());
        keyFile(key("b", "two"));
        awaitAdmitted("two");
        Files.writeString(file, "keys: [ { id: a");
        keyFileIsLookedAt(file);
        assertEquals("b", admitted("authorization", "Bearer two").keyId());
    }

    private void awaitAdmitted(String secret) throws Exception {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (true) {
            try {
                admitted("authorization", "Bearer " + secret);
                return;
            } catch (ExecutionException e) {
                assertTrue(System.nanoTime() < deadline, "the changed key file is not read");
            }
        }
    }

    /** Waits until a later change to another file, seen by a watch that began later, has been seen. */
    private void keyFileIsLookedAt(Path file) throws Exception {
        CountDownLatch seen = new CountDownLatch(1);
        FileWatch watch = new FileWatch(chain.vertx(), file, seen::countDown);
        watch.start();
        Files.writeString(file, "keys: [ { id: broken");
        assertTrue(seen.await(10, TimeUnit.SECONDS));
        watch.stop();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "127.0.0.1, -, -, true",
                "127.8.0.1, host, localhost:8080, true",
                "::1, host, [::1]:8080, true",
                "0:0:0:0:0:0:0:1, origin, http://localhost:3000, true",
                "10.0.0.9, -, -, false",
                "127.0.0.1, x-forwarded-for, 203.0.113.9, false",
                "127.0.0.1, host, evil.example, false",
                "127.0.0.1, origin, https://evil.example, false",
                "127.0.0.1, origin, null, false"
            })
    void admitsProgramsOfThisMachineWithoutAKeyWhereToldTo(
            String address, String header, String value, boolean admitted) throws Exception {
        auth("anonymous: loopback");
        ChainHarness.Call call = header == null ? send(address) : send(address, header, value);
        if (admitted) {
            call.get();
            assertNull(call.exchange.principal().keyId());
        } else {
            assertEquals(401, refusal(call).status());
        }
    }

    @Test
    void checksTokensAgainstAKeySet() throws Exception {
        JsonObject jwk = new JsonObject()
                .put("kty", "oct")
                .put("alg", "HS256")
                .put("use", "sig")
                .put("k", "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC1zZWNyZXQ");
        Files.writeString(
                directory.resolve("jwks.json"),
                new JsonObject().put("keys", List.of(jwk)).encode());
        auth("""
                jwt:
                  jwks-file: jwks.json
                  algorithms: [HS256]
                  issuer: https://id.example
                  audience: [edgeway]
                  tenant-claim: org
                  leeway: 5s
                """);
        JWTAuth signer = JWTAuth.create(chain.vertx(), new JWTAuthOptions().addJwk(jwk));
        JWTOptions good = new JWTOptions()
                .setIssuer("https://id.example")
                .setAudience(List.of("edgeway"))
                .setExpiresInSeconds(600)
                .setSubject("ann");
        JsonObject claims = new JsonObject().put("org", "acme").put("models", List.of("nano"));
        String token = signer.generateToken(claims, good);
        Principal principal = admitted("authorization", "Bearer " + token);
        assertEquals("acme", principal.tenant());
        assertEquals("jwt:ann", principal.keyId());
        assertFalse(principal.mayUse("gpt"));

        String signature = token.substring(token.lastIndexOf('.') + 1);
        String forged = token.substring(0, token.lastIndexOf('.') + 1) + new StringBuilder(signature).reverse();
        for (String bad : List.of(
                forged,
                signer.generateToken(claims, new JWTOptions(good).setIssuer("https://evil.example")),
                signer.generateToken(claims, new JWTOptions(good).setAudience(List.of("other"))),
                signer.generateToken(
                        claims.copy().put("exp", 1_000_000_000), new JWTOptions(good).setExpiresInSeconds(0)),
                signer.generateToken(claims, new JWTOptions(good).setExpiresInSeconds(0)),
                signer.generateToken(new JsonObject(), good),
                "eyJhbGciOiJub25lIn0.eyJvcmciOiJhY21lIn0.")) {
            assertEquals(401, refused("authorization", "Bearer " + bad).status(), bad);
        }
    }

    @Test
    void refusesKeysItCannotUseByName() throws Exception {
        assertTrue(problem("keys: { a: \"sha256:12\" }").startsWith("keys.a: hash: expected 'sha256:'"));
        assertTrue(problem("keys-file: none.yaml").startsWith("keys-file: there is no file"));
        Files.writeString(
                directory.resolve("keys.yaml"),
                "keys:\n- id: a\n  hash: " + KeySecret.hash("x") + "\n  limits: { requests: lots }\n");
        String limits = problem("keys-file: keys.yaml");
        assertTrue(limits.contains("key a: limits.requests: expected a rate"), limits);
    }

    private String problem(String yaml) {
        return assertThrows(IllegalArgumentException.class, () -> auth(yaml)).getMessage();
    }
}
