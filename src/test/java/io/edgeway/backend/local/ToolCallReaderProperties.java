package io.edgeway.backend.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ToolCallReaderProperties {
    private static final List<ToolFormat> FORMATS =
            List.of(ToolFormat.HERMES, ToolFormat.MISTRAL, ToolFormat.GRANITE, ToolFormat.LLAMA);

    @Property
    void whereTheTextIsCutChangesNothing(
            @ForAll("formats") ToolFormat format, @ForAll("replies") List<String> reply, @ForAll("sizes") int size) {
        String text = String.join("", reply);
        List<String> pieces = new ArrayList<>();
        for (int at = 0; at < text.length(); at += size) {
            pieces.add(text.substring(at, Math.min(text.length(), at + size)));
        }
        List<String> whole = read(format, List.of(text));
        assertThat(read(format, pieces)).isEqualTo(whole);
        assertThat(read(format, reply)).isEqualTo(whole);
    }

    /** Text that has no call in it, other than white space before what might have been one, comes out as it went in. */
    @Property
    void textWithoutMarksIsLeftAlone(@ForAll("formats") ToolFormat format, @ForAll("noise") String text) {
        List<String> read = read(format, List.of(text));
        assertThat(read).isEqualTo(text.isEmpty() ? List.of("") : List.of(text));
    }

    /** The text, then the calls. */
    private static List<String> read(ToolFormat format, List<String> pieces) {
        ToolCallReader reader = new ToolCallReader(format);
        List<String> calls = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (String piece : pieces) {
            add(reader.next(piece), text, calls);
        }
        add(reader.finish(), text, calls);
        calls.addFirst(text.toString());
        return calls;
    }

    private static void add(ToolCallReader.Found found, StringBuilder text, List<String> calls) {
        text.append(found.text());
        found.calls().forEach(call -> calls.add(call.name() + call.arguments()));
    }

    @Provide
    Arbitrary<ToolFormat> formats() {
        return Arbitraries.of(FORMATS);
    }

    @Provide
    Arbitrary<Integer> sizes() {
        return Arbitraries.integers().between(1, 12);
    }

    @Provide
    Arbitrary<List<String>> replies() {
        return Arbitraries.of(
                        "<tool_call>",
                        "</tool_call>",
                        "[TOOL_CALLS]",
                        "<|tool_call|>",
                        "<|python_tag|>",
                        "{\"name\": \"f\", \"arguments\": {\"x\": \"}\\\"]\"}}",
                        "{\"name\": \"g\", \"parameters\": {}}",
                        "{\"name\": 1}",
                        "[",
                        "]",
                        ", ",
                        ";",
                        " ",
                        "\n",
                        "so",
                        "<",
                        "{",
                        "\"",
                        "\\")
                .list()
                .ofMaxSize(12);
    }

    @Provide
    Arbitrary<String> noise() {
        return Arbitraries.strings().withChars("ab \n]}>,;\"\\é").ofMaxLength(30);
    }
}
