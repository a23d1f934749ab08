package io.edgeway.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Holds the incremental parser against a plain reading of the specification, over any bytes cut anywhere. */
class SseParserProperties {
    private static final int BOUND = 1 << 16;

    record Event(String type, String data, String id) {}

    @Property
    void anySplitGivesTheEventsOfTheSpecification(
            @ForAll("streams") byte[] stream, @ForAll @Size(max = 12) List<@IntRange(min = 1, max = 40) Integer> cuts) {
        var expected = specification(stream);
        assertEquals(expected, parse(stream, List.of(stream.length)));
        assertEquals(expected, parse(stream, cuts));
        assertEquals(expected, parse(stream, List.of(1)));
    }

    @Property
    void arbitraryBytesNeverFail(
            @ForAll byte[] stream, @ForAll @Size(max = 5) List<@IntRange(min = 1, max = 9) Integer> cuts) {
        assertEquals(specification(stream), parse(stream, cuts));
    }

    @Property
    void whatIsWrittenIsReadBack(@ForAll("types") String type, @ForAll("texts") String data) {
        var bytes = Sse.event(type, data.getBytes(StandardCharsets.UTF_8));
        var lines = data.replace("\r\n", "\n").replace('\r', '\n');
        assertEquals(List.of(new Event(type, lines, null)), parse(bytes, List.of(3)));
    }

    @Property
    void anEventBeyondTheBoundFailsAndHoldsLittle(
            @ForAll @IntRange(min = 16, max = 400) int bound,
            @ForAll @IntRange(min = 1, max = 64) int piece,
            @ForAll("prefixes") String prefix) {
        var parser = new SseParser(bound, (type, data, id) -> {});
        var line = prefix.getBytes(StandardCharsets.UTF_8);
        var chunk = new byte[piece];
        java.util.Arrays.fill(chunk, (byte) 'x');
        parser.feed(line);
        assertThrows(SseParser.TooLarge.class, () -> {
            for (int fed = 0; fed <= bound + piece; fed += piece) {
                parser.feed(chunk);
            }
        });
        assertThrows(SseParser.TooLarge.class, () -> parser.feed(chunk), "a failed stream stays failed");
    }

    @Property
    void aBoundHoldsForOneEventNotForTheStream(@ForAll @IntRange(min = 1, max = 200) int events) {
        var seen = new ArrayList<String>();
        var parser = new SseParser(64, (type, data, id) -> seen.add(data));
        for (int i = 0; i < events; i++) {
            parser.feed((": keep-alive with a long comment\n\ndata: {\"n\":" + i + "}\n\n")
                    .getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(events, seen.size());
    }

    @Example
    void aCutStreamIsPending() {
        var parser = new SseParser(BOUND, (type, data, id) -> {});
        assertFalse(parser.pending());
        parser.feed("data: a".getBytes(StandardCharsets.UTF_8));
        assertTrue(parser.pending());
        parser.feed("\n".getBytes(StandardCharsets.UTF_8));
        assertTrue(parser.pending());
        parser.feed("\n".getBytes(StandardCharsets.UTF_8));
        assertFalse(parser.pending());
    }

    @Provide
    Arbitrary<String> types() {
        return Arbitraries.of(null, "message_start", "delta", "ä");
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.strings()
                .withChars("ab \t:\n\r{}\"ä€")
                .withChars('\u2028')
                .ofMaxLength(40);
    }

    @Provide
    Arbitrary<String> prefixes() {
        return Arbitraries.of("", "data: ", "data: a\ndata: ", ": ", "event: ", "id: 1\nunknown: ");
    }

    /** Streams of lines that matter to the parser, with all three line ends, and a byte order mark now and then. */
    @Provide
    Arbitrary<byte[]> streams() {
        var ends = Arbitraries.of("\n", "\r", "\r\n");
        var value = Arbitraries.strings()
                .withChars("ab :€")
                .withChars('\u0000', '\ufeff')
                .ofMaxLength(6);
        var fields = Arbitraries.of(
                "data", "data:", "data: ", "data:  ", "event:", "event: ", "id:", "id: ", ":", "retry: ", "dat",
                "datax: ", " data: ", "");
        var line = net.jqwik.api.Combinators.combine(fields, value, ends).as((field, text, end) -> field + text + end);
        var blank = ends.map(end -> end);
        var stream = Arbitraries.frequencyOf(net.jqwik.api.Tuple.of(3, line), net.jqwik.api.Tuple.of(2, blank))
                .list()
                .ofMaxSize(14)
                .map(lines -> String.join("", lines));
        var mark = Arbitraries.of("", "", "\ufeff");
        return net.jqwik.api.Combinators.combine(mark, stream)
                .as((bom, text) -> (bom + text).getBytes(StandardCharsets.UTF_8));
    }

    private static List<Event> parse(byte[] stream, List<Integer> cuts) {
        var events = new ArrayList<Event>();
        var parser = new SseParser(BOUND, (type, data, id) -> events.add(new Event(type, data, id)));
        int at = 0;
        for (int i = 0; at < stream.length; i++) {
            int length = cuts.isEmpty() ? stream.length : Math.max(1, cuts.get(i % cuts.size()));
            length = Math.min(length, stream.length - at);
            parser.feed(stream, at, length);
            at += length;
        }
        return events;
    }

    /** Section 9.2.6 of the HTML standard, step by step over the whole stream. */
    private static List<Event> specification(byte[] stream) {
        var events = new ArrayList<Event>();
        var data = new StringBuilder();
        String type = null;
        String id = null;
        boolean first = true;
        for (byte[] bytes : lines(stream)) {
            var line = new String(bytes, StandardCharsets.UTF_8);
            if (first && line.startsWith("\ufeff")) {
                line = line.substring(1);
            }
            first = false;
            if (line.isEmpty()) {
                if (!data.isEmpty()) {
                    events.add(new Event(type, data.substring(0, data.length() - 1), id));
                }
                data.setLength(0);
                type = null;
                continue;
            }
            int colon = line.indexOf(':');
            var field = colon < 0 ? line : line.substring(0, colon);
            var value = colon < 0 ? "" : line.substring(colon + 1);
            value = value.startsWith(" ") ? value.substring(1) : value;
            switch (field) {
                case "data" -> data.append(value).append('\n');
                case "event" -> type = value;
                case "id" -> id = value.indexOf('\0') < 0 ? value : id;
                default -> {}
            }
        }
        return events;
    }

    /** The lines that have an end; what follows the last is not one yet. */
    private static List<byte[]> lines(byte[] stream) {
        var lines = new ArrayList<byte[]>();
        var line = new ByteArrayOutputStream();
        for (int i = 0; i < stream.length; i++) {
            if (stream[i] == '\n' || stream[i] == '\r') {
                lines.add(line.toByteArray());
                line.reset();
                if (stream[i] == '\r' && i + 1 < stream.length && stream[i + 1] == '\n') {
                    i++;
                }
            } else {
                line.write(stream[i]);
            }
        }
        return lines;
    }
}
