package io.edgeway.fuzz;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.edgeway.grammar.Grammar;
import io.edgeway.grammar.GrammarException;
import io.edgeway.jinja.Limits;
import io.edgeway.jinja.Template;
import io.edgeway.jinja.TemplateException;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.json.JsonIndex;
import io.edgeway.sse.SseParser;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Whatever bytes come, the text libraries fail with their own exception or not at all. */
class TextFuzz {
    private static final Limits LIMITS = new Limits(1 << 16, 20_000, 20);
    private static final Map<String, Object> CONTEXT =
            Map.of("messages", List.of(Map.of("role", "user", "content", "Hi")), "n", 3L, "x", 2.5, "s", "añ😀");

    @FuzzTest(maxDuration = "60s")
    void sse(FuzzedDataProvider data) {
        int cut = data.consumeInt(1, 64);
        var stream = data.consumeRemainingAsBytes();
        var whole = new ArrayList<String>();
        var pieces = new ArrayList<String>();
        var one = new SseParser(1 << 20, (type, text, id) -> whole.add(type + '\n' + text + '\n' + id));
        var other = new SseParser(1 << 20, (type, text, id) -> pieces.add(type + '\n' + text + '\n' + id));
        one.feed(stream);
        for (int at = 0; at < stream.length; at += cut) {
            other.feed(stream, at, Math.min(cut, stream.length - at));
        }
        if (!whole.equals(pieces)) {
            throw new AssertionError("cut at " + cut + ": " + whole + " and " + pieces);
        }
    }

    @FuzzTest(maxDuration = "60s")
    void json(FuzzedDataProvider data) {
        var name = data.consumeString(8);
        var text = data.consumeRemainingAsBytes();
        try {
            var changed = JsonIndex.of(text).with(name, Json.write(1L));
            if (!Long.valueOf(1).equals(Json.readObject(changed).get(name))) {
                throw new AssertionError("the spliced member is not there");
            }
        } catch (JsonException e) {
            // refused
        }
    }

    @FuzzTest(maxDuration = "60s")
    void jinja(FuzzedDataProvider data) {
        try {
            Template.parse(data.consumeRemainingAsString()).render(CONTEXT, LIMITS, Clock.systemUTC());
        } catch (TemplateException e) {
            // refused
        }
    }

    @FuzzTest(maxDuration = "60s")
    void schema(FuzzedDataProvider data) {
        var probe = data.consumeBytes(16);
        try {
            var schema = Json.read(data.consumeRemainingAsString().getBytes(StandardCharsets.UTF_8));
            Grammar.schema(schema).accepts(probe);
        } catch (JsonException | GrammarException e) {
            // refused
        }
    }
}
