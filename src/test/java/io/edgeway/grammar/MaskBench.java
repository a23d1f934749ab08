package io.edgeway.grammar;

import io.edgeway.json.Json;
import io.edgeway.tokens.Tokenizer;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What a token mask costs against trying every token by itself. A program: {@code MaskBench tokenizer.json}; prints
 * one line of JSON, in microseconds of processor time.
 */
public final class MaskBench {
    private static final int ROUNDS = 15;

    private MaskBench() {}

    public static void main(String... args) throws Exception {
        var tokenizer = Tokenizer.read(Files.readAllBytes(Path.of(args[0])));
        var own = new byte[tokenizer.size()][];
        for (int id = 0; id < own.length; id++) {
            own[id] = tokenizer.isSpecial(id) ? null : tokenizer.bytes(id);
        }
        var rows = new ArrayList<>();
        rows.addAll(measure(own));
        rows.addAll(measure(enlarged(own, 49_152)));
        System.out.println(new String(Json.write(Map.of("masks", rows)), StandardCharsets.UTF_8));
    }

    /** A larger vocabulary of the same kind: tokens joined in pairs. */
    private static byte[][] enlarged(byte[][] tokens, int size) {
        var random = new Random(1);
        var larger = new byte[size][];
        for (int id = 0; id < size; id++) {
            var a = tokens[id % tokens.length];
            var b = tokens[random.nextInt(tokens.length)];
            if (id < tokens.length || a == null || b == null) {
                larger[id] = a;
                continue;
            }
            larger[id] = java.util.Arrays.copyOf(a, a.length + b.length);
            System.arraycopy(b, 0, larger[id], a.length, b.length);
        }
        return larger;
    }

    private static List<Map<String, Object>> measure(byte[][] tokens) {
        var schema = Json.read("""
                {"type": "object", "required": ["name", "age", "tags"], "properties": {
                  "name": {"type": "string", "maxLength": 80}, "age": {"type": "integer", "minimum": 0, "maximum": 150},
                  "tags": {"type": "array", "items": {"type": "string"}}}}
                """.getBytes(StandardCharsets.UTF_8));
        var trie = TokenTrie.of(tokens, 0);
        var rows = new ArrayList<Map<String, Object>>();
        rows.add(row(tokens, trie, Grammar.json(), "any object: at its start", ""));
        rows.add(row(tokens, trie, Grammar.json(), "any object: in a string", "{\"a\": \"wor"));
        rows.add(row(tokens, trie, Grammar.json(), "any object: after a value", "{\"a\": \"word\""));
        rows.add(row(tokens, trie, Grammar.schema(schema), "schema: in a bounded string", "{\"name\": \"wor"));
        rows.add(
                row(tokens, trie, Grammar.schema(schema), "schema: before a number", "{\"name\": \"word\", \"age\": "));
        return rows;
    }

    private static Map<String, Object> row(
            byte[][] tokens, TokenTrie trie, Grammar grammar, String place, String text) {
        long cold = Long.MAX_VALUE;
        long walk = Long.MAX_VALUE;
        long kept = Long.MAX_VALUE;
        long naive = Long.MAX_VALUE;
        var logits = new float[tokens.length];
        for (int round = 0; round < ROUNDS; round++) {
            var constraints = new Constraints(grammar, trie);
            var automaton = constraints.automaton;
            var state = automaton.start();
            for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
                state = automaton.advance(state, b & 0xff);
            }
            var reply = new Constraint(constraints, state);
            long start = cpu();
            reply.apply(logits);
            cold = Math.min(cold, cpu() - start);

            start = cpu();
            constraints.compute(state);
            walk = Math.min(walk, cpu() - start);

            start = cpu();
            for (int i = 0; i < 100; i++) {
                reply.apply(logits);
            }
            kept = Math.min(kept, (cpu() - start) / 100);

            start = cpu();
            tryEach(automaton, state, tokens, logits);
            naive = Math.min(naive, cpu() - start);
        }
        var row = new LinkedHashMap<String, Object>();
        row.put("vocabulary", tokens.length);
        row.put("place", place);
        row.put("naive", naive / 1000.0);
        row.put("first", cold / 1000.0);
        row.put("walk", walk / 1000.0);
        row.put("kept", kept / 1000.0);
        return row;
    }

    private static void tryEach(Automaton automaton, State from, byte[][] tokens, float[] logits) {
        for (int id = 0; id < tokens.length; id++) {
            var state = from;
            for (int i = 0; tokens[id] != null && i < tokens[id].length && !state.dead(); i++) {
                state = automaton.advance(state, tokens[id][i] & 0xff);
            }
            if (tokens[id] == null || state.dead()) {
                logits[id] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    private static long cpu() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
