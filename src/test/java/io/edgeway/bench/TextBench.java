package io.edgeway.bench;

import io.edgeway.jinja.Template;
import io.edgeway.json.Json;
import io.edgeway.json.JsonIndex;
import io.edgeway.sse.SseParser;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * The text libraries against the plain way to do the same. A program without arguments; prints one line of JSON, in
 * microseconds of processor time.
 */
public final class TextBench {
    private static final int ROUNDS = 9;
    private static int sink;

    private TextBench() {}

    public static void main(String... args) throws Exception {
        var stream = stream(200);
        var body = body(40);
        var source = Files.readString(Path.of("src/test/resources/jinja/templates/thinking.jinja"));
        var template = Template.parse(source);
        Map<String, Object> context =
                Map.of("messages", Json.readObject(body).get("messages"), "add_generation_prompt", true);
        var rows = List.of(
                row("SSE, 200 chunks in packets of 1,400 bytes", 40, () -> decodeAndSplit(stream), () -> parse(stream)),
                row("a chat body of 40 messages, the model replaced", 100, () -> rewrite(body), () -> splice(body)),
                row(
                        "a chat template over 40 messages, against parsing it each time",
                        20,
                        () -> Template.parse(source).render(context).length(),
                        () -> template.render(context).length()));
        System.out.println(new String(Json.write(Map.of("rows", rows)), StandardCharsets.UTF_8));
        if (sink == 42) {
            System.err.println("unlikely");
        }
    }

    private static Map<String, Object> row(String what, int times, IntSupplier plain, IntSupplier ours) {
        long slow = Long.MAX_VALUE;
        long fast = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            slow = Math.min(slow, time(times * 10, plain));
            fast = Math.min(fast, time(times * 10, ours));
        }
        var row = new LinkedHashMap<String, Object>();
        row.put("what", what);
        row.put("plain", slow / 1000.0);
        row.put("ours", fast / 1000.0);
        return row;
    }

    private static long time(int times, IntSupplier work) {
        var threads = ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        for (int i = 0; i < times; i++) {
            sink += work.getAsInt();
        }
        return (threads.getCurrentThreadCpuTime() - start) / times;
    }

    private static byte[] stream(int chunks) {
        var out = new StringBuilder();
        for (int i = 0; i < chunks; i++) {
            out.append("data: {\"id\":\"chatcmpl-9x7\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,")
                    .append("\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" wörd")
                    .append(i)
                    .append("\"},\"finish_reason\":null}]}\n\n");
        }
        return out.append("data: [DONE]\n\n").toString().getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] body(int messages) {
        var out = new StringBuilder("{\"model\":\"gpt-5-mini\",\"stream\":true,\"messages\":[");
        for (int i = 0; i < messages; i++) {
            out.append(i == 0 ? "" : ",")
                    .append("{\"role\":\"")
                    .append(i % 2 == 0 ? "user" : "assistant")
                    .append("\",\"content\":\"Tell me about number ")
                    .append(i)
                    .append(", please: is it prime, and \\\"why\\\"?\\nIn two sentences.\"}");
        }
        return out.append("]}").toString().getBytes(StandardCharsets.UTF_8);
    }

    private static int parse(byte[] stream) {
        int[] found = {0};
        var parser = new SseParser(1 << 16, (type, data, id) -> found[0] += data.length());
        for (int at = 0; at < stream.length; at += 1400) {
            parser.feed(stream, at, Math.min(1400, stream.length - at));
        }
        return found[0];
    }

    /** The whole stream as text, cut into events and lines: what is done where there is no incremental parser. */
    private static int decodeAndSplit(byte[] stream) {
        int found = 0;
        for (var event : new String(stream, StandardCharsets.UTF_8).split("\n\n")) {
            for (var line : event.split("\r\n|\n|\r")) {
                if (line.startsWith("data:")) {
                    found += line.substring(5).strip().length();
                }
            }
        }
        return found;
    }

    private static int splice(byte[] body) {
        return JsonIndex.of(body).with("model", "another").length;
    }

    private static int rewrite(byte[] body) {
        var object = Json.readObject(body);
        object.put("model", "another");
        return Json.write(object).length;
    }
}
