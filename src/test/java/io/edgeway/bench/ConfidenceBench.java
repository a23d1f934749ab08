package io.edgeway.bench;

import io.edgeway.backend.local.LocalBackend;
import io.edgeway.config.ConfigLoader;
import io.edgeway.config.GatewayConfig;
import io.edgeway.config.LoadedConfig;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Confidence;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Principal;
import io.edgeway.plugin.router.RouterConfig;
import io.edgeway.testkit.ChainHarness;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;

/**
 * Answers conversations with a local model and tells how sure its first tokens were. A program: {@code ConfidenceBench
 * MODEL_DIR TOKENS}; reads lines of {@code {"turns": [[role, text], ...]}} and prints each with {@code said},
 * {@code entropies} and {@code margins}.
 */
public final class ConfidenceBench {
    private static final int AT_A_TIME = 8;

    private ConfidenceBench() {}

    public static void main(String... args) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        int tokens = Integer.parseInt(args[1]);
        try (ChainHarness harness = new ChainHarness(Path.of("."))) {
            LoadedConfig config = new ConfigLoader(type -> RouterConfig.class, name -> null)
                    .load("bench", """
                            edgeway:
                              models:
                                it: { local: { path: "%s", threads: 1, slots: %d, max-tokens: 96 } }
                              plugins:
                                choose: { type: router }
                              routes:
                                - { match: "/v1/*", chain: [choose] }
                            """.formatted(Path.of(args[0]).toAbsolutePath(), AT_A_TIME), null);
            GatewayConfig.LocalConfig options =
                    config.gateway().models().get("it").local().orElseThrow();
            LocalBackend backend = new LocalBackend("it", options, harness);
            Semaphore open = new Semaphore(AT_A_TIME);
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                Map<String, Object> record = Json.readObject(line.getBytes(StandardCharsets.UTF_8));
                open.acquire();
                Exchange exchange = harness.exchange(Principal.ANONYMOUS, body((List<?>) record.get("turns")));
                exchange.fact(Hints.PROBE, new Confidence.Probe(tokens, confidence -> {
                    record.put("entropies", list(confidence.entropies()));
                    record.put("margins", list(confidence.margins()));
                }));
                exchange.context().runOnContext(v -> backend.call(exchange).onComplete(reply -> {
                    if (reply.succeeded()) {
                        record.put("said", said(reply.result().body().getBytes()));
                        synchronized (out) {
                            out.println(new String(Json.write(record), StandardCharsets.UTF_8));
                        }
                    }
                    open.release();
                }));
            }
            open.acquire(AT_A_TIME);
        }
        System.exit(0);
    }

    private static String body(List<?> turns) {
        List<Object> messages = new ArrayList<>();
        for (Object turn : turns) {
            List<?> pair = (List<?>) turn;
            messages.add(Map.of("role", pair.get(0), "content", pair.get(1)));
        }
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("model", "it");
        request.put("temperature", 0);
        request.put("messages", messages);
        return new String(Json.write(request), StandardCharsets.UTF_8);
    }

    private static List<Object> list(float[] values) {
        List<Object> out = new ArrayList<>(values.length);
        for (float value : values) {
            out.add(value);
        }
        return out;
    }

    private static Object said(byte[] completion) {
        List<?> choices = (List<?>) Json.readObject(completion).get("choices");
        Map<?, ?> message = (Map<?, ?>) ((Map<?, ?>) choices.getFirst()).get("message");
        return message.get("content");
    }
}
