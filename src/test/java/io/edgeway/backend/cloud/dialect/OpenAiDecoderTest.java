package io.edgeway.backend.cloud.dialect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.json.JsonException;
import io.edgeway.testkit.Chunks;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class OpenAiDecoderTest {
    private static final String USAGE =
            "data: {\"choices\": [ ], \"usage\" : {\"prompt_tokens\":3,\"completion_tokens\":2}}";
    private static final List<String> LINES = List.of(
            "data: {\"choices\":[{\"delta\":{\"content\":\"say \\\"usage\\\": {\"}}],\"usage\":null}",
            ": comment",
            "data: {\"choices\":[{\"delta\":{\"content\":\"é❤\"}}],\"usage\":null}",
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
            USAGE,
            "data: [DONE]");

    private static String stream(String lineBreak) {
        return String.join(lineBreak + lineBreak, LINES) + lineBreak + lineBreak;
    }

    private static String decode(StreamDecoder decoder, String stream, List<Integer> cuts) {
        byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
        Buffer out = Buffer.buffer();
        int at = 0;
        for (int i = 0; at < bytes.length; i++) {
            int to = i < cuts.size() ? Math.min(bytes.length, at + cuts.get(i)) : bytes.length;
            decoder.feed(Buffer.buffer(Arrays.copyOfRange(bytes, at, to)), out::appendBuffer);
            at = to;
        }
        decoder.end(out::appendBuffer);
        return out.toString();
    }

    /** However the network cuts the stream, exactly the usage chunk is missing, and nothing else has changed. */
    @Property(tries = 300)
    void hidesOnlyTheUsage(
            @ForAll @Size(max = 60) List<@IntRange(min = 1, max = 40) Integer> cuts, @ForAll boolean crlf) {
        String lineBreak = crlf ? "\r\n" : "\n";
        StreamDecoder decoder = new OpenAiDecoder(true);
        String out = decode(decoder, stream(lineBreak), cuts);
        assertThat(out).isEqualTo(stream(lineBreak).replace(USAGE + lineBreak + lineBreak, ""));
        assertThat(decoder.usage()).isEqualTo(Usage.of(3, 2));
        assertThat(decoder.complete()).isTrue();
    }

    @Property(tries = 100)
    void passesEveryByteWhereTheUsageWasAskedFor(
            @ForAll @Size(max = 60) List<@IntRange(min = 1, max = 40) Integer> cuts) {
        StreamDecoder decoder = new OpenAiDecoder(false);
        assertThat(decode(decoder, stream("\n"), cuts)).isEqualTo(stream("\n"));
        assertThat(decoder.usage()).isEqualTo(Usage.of(3, 2));
    }

    @Test
    void linesThatEndInCrAlonePass() {
        StreamDecoder decoder = new OpenAiDecoder(true);
        String stream = stream("\r");
        assertThat(decode(decoder, stream, List.of(30, 70, 5))).isEqualTo(stream);
        assertThat(decoder.complete()).isTrue();
    }

    @Test
    void aStreamThatStopsIsNotComplete() {
        StreamDecoder decoder = new OpenAiDecoder(false);
        decode(decoder, LINES.getFirst() + "\n\n", List.of());
        assertThat(decoder.begun()).isTrue();
        assertThat(decoder.complete()).isFalse();
    }

    @Test
    void aStreamThatFinishedWithoutALastWordGetsOne() {
        StreamDecoder decoder = new OpenAiDecoder(true);
        String out = decode(decoder, LINES.get(2) + "\n\n" + LINES.get(3) + "\n\n", List.of(7));
        assertThat(decoder.complete()).isTrue();
        assertThat(Chunks.done(out)).isTrue();
    }

    @Test
    void anErrorWithinAStreamOf200IsAFailure() {
        StreamDecoder decoder = new OpenAiDecoder(true);
        assertThatThrownBy(() -> decode(decoder, "data: {\"error\":{\"message\":\"no capacity\"}}\n\n", List.of()))
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.getMessage()).contains("no capacity"));
        assertThat(decoder.begun()).isFalse();
    }

    @Test
    void garbageIsAFailure() {
        for (String garbage :
                List.of("data: <html>\n\n", "data: {\"choices\":[{\"delta\":\n\n", "data: {nonsense}\n\n")) {
            assertThatThrownBy(() -> decode(new OpenAiDecoder(true), garbage, List.of()))
                    .isInstanceOf(JsonException.class);
        }
    }
}
