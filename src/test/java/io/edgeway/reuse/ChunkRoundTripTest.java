package io.edgeway.reuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.json.Json;
import io.edgeway.testkit.Chunks;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A whole reply told as a stream and put together again is the same reply. */
class ChunkRoundTripTest {
    static final String TOOLS = """
            {"id":"c1","object":"chat.completion","created":1,"model":"m","service_tier":"default",
             "choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[
               {"id":"t1","type":"function","function":{"name":"weather","arguments":"{\\"city\\":\\"Oslo\\"}"}},
               {"id":"t2","type":"function","function":{"name":"time","arguments":"{}"}}]},
               "logprobs":null,"finish_reason":"tool_calls"}],
             "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}""";
    static final String TWO = """
            {"id":"c1","object":"chat.completion","created":1,"model":"m",
             "choices":[
              {"index":0,"message":{"role":"assistant","content":"one","reasoning_content":"because"},
               "logprobs":{"content":[{"token":"one","logprob":-0.5}]},"finish_reason":"stop"},
              {"index":1,"message":{"role":"assistant","content":"two"},"logprobs":null,"finish_reason":"stop",
               "stop_reason":"END"}],
             "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}""";

    static Object again(String whole) {
        ChunkAssembler assembler = new ChunkAssembler();
        String stream =
                new String(ChunkWriter.events(whole.getBytes(StandardCharsets.UTF_8), true), StandardCharsets.UTF_8);
        Chunks.data(stream).forEach(assembler::accept);
        assertTrue(assembler.endedWell(false));
        return Json.read(assembler.whole(null));
    }

    static Object json(String text) {
        return Json.read(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void toolCallsSurvive() {
        assertEquals(json(TOOLS), again(TOOLS));
    }

    @Test
    void severalChoicesAndUnknownMembersSurvive() {
        assertEquals(json(TWO), again(TWO));
    }

    @Test
    void longTextsAreCutBetweenCharacters() {
        String text = "\ud83d\ude00".repeat(700) + " and words ".repeat(80);
        String whole = Chunks.whole(text);
        assertEquals(json(whole), again(whole));
        String stream =
                new String(ChunkWriter.events(whole.getBytes(StandardCharsets.UTF_8), false), StandardCharsets.UTF_8);
        assertEquals(text, Chunks.text(stream));
        assertFalse(stream.contains("\\ud83d\""), "no half of a pair");
    }

    @Test
    void piecesOfAToolCallAreJoined() {
        ChunkAssembler assembler = new ChunkAssembler();
        for (String delta : List.of(
                "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"t1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}",
                "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\"\"}}]}",
                "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\":1}\"}}]}")) {
            assembler.accept(
                    "{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":null}]}");
        }
        assembler.accept("{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}");
        assembler.accept("[DONE]");
        Map<?, ?> message = (Map<?, ?>)
                ((Map<?, ?>) ((List<?>) ((Map<?, ?>) Json.read(assembler.whole(null))).get("choices")).getFirst())
                        .get("message");
        assertEquals(
                json(
                        "[{\"id\":\"t1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]"),
                message.get("tool_calls"));
    }

    @Test
    void aStreamThatSaysItFailedDidNotEndWell() {
        ChunkAssembler assembler = new ChunkAssembler();
        Chunks.data(Chunks.delta("x") + "data: {\"error\":{\"message\":\"no\"}}\n\n" + Chunks.finish("stop")
                        + Chunks.DONE)
                .forEach(assembler::accept);
        assertFalse(assembler.endedWell(true));
    }
}
