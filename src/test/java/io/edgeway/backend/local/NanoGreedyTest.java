package io.edgeway.backend.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.edgeway.api.ChatRequest;
import io.edgeway.backend.local.TinyModel.Result;
import io.edgeway.config.GatewayConfig.LocalConfig.Kv;
import io.edgeway.config.GatewayConfig.LocalConfig.Speculation;
import io.edgeway.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;

/**
 * The bundled model through the engine against {@code transformers} with the same weights in float32. The model's
 * products round activations to 8 bits, so what is nearly a tie may fall the other way; such a token must have been
 * within the bound, and the comparison goes on behind it, along the golden reply.
 */
@Timeout(900)
class NanoGreedyTest {
    /** How far below the likeliest token, in logits of the float model, the engine's choice may be. */
    private static final double BOUND = 0.5;

    private record Golden(Map<String, Object> line, int[] prompt, int[] reply) {
        static Golden of(String json) {
            Map<String, Object> line = Json.readObject(json.getBytes(StandardCharsets.UTF_8));
            return new Golden(line, ints(line.get("prompt")), ints(line.get("reply")));
        }

        /** How far the float model put this token below its choice; infinite where that was not close at all. */
        double gap(int position, int token) {
            return ((List<?>) line.get("close"))
                    .stream()
                            .map(List.class::cast)
                            .filter(close -> close.get(0).equals((long) position)
                                    && close.get(1).equals((long) token))
                            .mapToDouble(close -> ((Number) close.get(2)).doubleValue())
                            .findFirst()
                            .orElse(Double.POSITIVE_INFINITY);
        }
    }

    private static int[] ints(Object list) {
        return ((List<?>) list).stream().mapToInt(x -> ((Number) x).intValue()).toArray();
    }

    /** A golden whose reply is to be compared from a position on. */
    private record Rest(Golden golden, int from) {
        Result submit(Engine engine) {
            int[] known = Arrays.copyOf(golden.prompt(), golden.prompt().length + from);
            System.arraycopy(golden.reply(), 0, known, golden.prompt().length, from);
            Result result = new Result();
            Sampling greedy = new Sampling(0, 1, 0, 0, 1, 0, 0, Map.of(), 0, 0);
            engine.submit(TinyModel.request(known, golden.reply().length - from, greedy), result);
            return result;
        }

        /** The position of the first token that differs, or the reply's length. */
        int compare(Result result, int end) {
            IntStream scored = result.scores.stream().mapToInt(TokenScore::token);
            int[] tokens = (result.reason == FinishReason.STOP ? IntStream.concat(scored, IntStream.of(end)) : scored)
                    .toArray();
            int[] wanted = Arrays.copyOfRange(golden.reply(), from, golden.reply().length);
            int at = Arrays.mismatch(tokens, wanted);
            if (at < 0) {
                return golden.reply().length;
            }
            assertThat(golden.gap(from + at, tokens[at]))
                    .as("token %d of the reply to %s", from + at, golden.line().get("messages"))
                    .isLessThan(BOUND);
            return from + at;
        }
    }

    @Test
    void answersAsTransformersDo(TestReporter reporter) throws Exception {
        Path directory = Path.of("models/nano");
        List<Golden> goldens = goldens();
        assertThat(goldens).hasSizeGreaterThanOrEqualTo(200);
        try (Engine engine = TinyModel.engine(TinyModel.settings(directory, 16, 4096, 64 << 20, Kv.AUTO))) {
            ModelText text = TinyModel.load(engine);
            int end = ModelDirectory.open(directory).endTokens()[0];
            List<Rest> pending = new ArrayList<>();
            for (Golden golden : goldens) {
                assertThat(text.tokenizer().encode(text.template().render(request(golden))))
                        .isEqualTo(golden.prompt());
                pending.add(new Rest(golden, 0));
            }
            int differing = 0;
            int tokens = 0;
            for (int round = 0; !pending.isEmpty(); round++) {
                List<Result> results =
                        pending.stream().map(rest -> rest.submit(engine)).toList();
                List<Rest> next = new ArrayList<>();
                for (int i = 0; i < results.size(); i++) {
                    Rest rest = pending.get(i);
                    int length = rest.golden().reply().length;
                    int at = rest.compare(results.get(i).await(), end);
                    if (at < length) {
                        tokens++;
                        differing += round == 0 ? 1 : 0;
                    }
                    if (at + 1 < length) {
                        next.add(new Rest(rest.golden(), at + 1));
                    }
                }
                pending = next;
            }
            int all = goldens.stream().mapToInt(golden -> golden.reply().length).sum();
            reporter.publishEntry(
                    "equal to the end",
                    (goldens.size() - differing) + " of " + goldens.size() + " replies; " + tokens + " of " + all
                            + " tokens were near ties that fell the other way");
            assertThat(differing).isLessThan(goldens.size() / 4);
        }
    }

    /** Each alone, so that its next tokens are guessed, and drawn, so that the last bit of a number would show. */
    @Test
    void answersTheSameWithGuessesAndWithout() throws Exception {
        assumeTrue(TinyModel.hasKernels());
        EngineSettings plain = TinyModel.settings(Path.of("models/nano"), 4, 64, 0, Kv.AUTO);
        List<Golden> goldens = goldens().subList(0, 60);
        List<String> without = replies(goldens, plain);
        List<String> with = replies(goldens, TinyModel.guessing(plain, Speculation.AUTO));
        assertThat(with).isEqualTo(without);
    }

    private static List<String> replies(List<Golden> goldens, EngineSettings settings) throws Exception {
        List<String> replies = new ArrayList<>();
        try (Engine engine = TinyModel.engine(settings)) {
            TinyModel.load(engine);
            for (Golden golden : goldens) {
                Result result = new Result();
                Sampling drawn = new Sampling(0.8, 0.95, 0, 0, 1, 0, 0, Map.of(), replies.size(), 0);
                engine.submit(TinyModel.request(golden.prompt(), 48, drawn), result);
                replies.add(result.await().scores.stream()
                        .map(score -> score.token() + " " + score.logprob())
                        .collect(Collectors.joining(", ")));
            }
        }
        return replies;
    }

    private static List<Golden> goldens() throws Exception {
        return Files.readAllLines(Path.of(NanoGreedyTest.class
                        .getResource("/models/nano-greedy.jsonl")
                        .toURI()))
                .stream()
                .map(Golden::of)
                .toList();
    }

    private static ChatRequest request(Golden golden) {
        return ChatRequest.parse(
                Json.write(Map.of("model", "nano", "messages", golden.line().get("messages"))));
    }
}
