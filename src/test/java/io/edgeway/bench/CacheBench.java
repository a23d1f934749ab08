package io.edgeway.bench;

import io.edgeway.json.Json;
import io.edgeway.server.TestGateway;
import io.edgeway.testkit.FakeCloud;
import java.io.BufferedInputStream;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;

/** A hit of the exact cache beside the call that it saves, over one connection. Prints one line of JSON. */
public final class CacheBench {
    private static final Pattern REPLIED = Pattern.compile("replied;dur=([0-9.]+)");
    private static final Pattern LENGTH = Pattern.compile("(?i)content-length: (\\d+)");

    private CacheBench() {}

    public static void main(String... args) throws Exception {
        int requests = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
        Map<String, Object> out = new LinkedHashMap<>();
        FakeCloud cloud = FakeCloud.start().quiet();
        TestGateway gateway = TestGateway.start("""
                edgeway:
                  models: { m: { cloud: { upstreams: [fake] } } }
                  upstreams: { fake: { url: "%s", key: k } }
                  plugins:
                    callers: { type: auth, anonymous: always }
                    exact: { type: cache }
                    route: { type: router }
                  routes: [ { match: "/v1/*", chain: [callers, exact, route] } ]
                """.formatted(cloud.url()), 1);
        try (Socket socket = new Socket("127.0.0.1", gateway.port())) {
            socket.setTcpNoDelay(true);
            for (int round = 0; round < 2; round++) {
                measure(socket, "hit", "", requests, out);
                measure(socket, "call", "cache-control: no-store\r\n", requests / 4, out);
            }
        }
        System.out.println(new String(Json.write(out), StandardCharsets.UTF_8));
        System.exit(0);
    }

    private static void measure(Socket socket, String name, String header, int requests, Map<String, Object> out)
            throws Exception {
        String body = "{\"model\":\"m\",\"temperature\":0,\"messages\":[{\"role\":\"system\",\"content\":\"You are the"
                + " assistant of a shop.\"},{\"role\":\"user\",\"content\":\"When do you open tomorrow?\"}]}";
        byte[] request = ("POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                        + header + "content-length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
        Histogram inside = new Histogram(3);
        Histogram outside = new Histogram(3);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        for (int i = 0; i < requests; i++) {
            long start = System.nanoTime();
            socket.getOutputStream().write(request);
            String head = head(in);
            Matcher length = LENGTH.matcher(head);
            if (!head.startsWith("HTTP/1.1 200") || !length.find()) {
                throw new IllegalStateException(head);
            }
            in.skipNBytes(Long.parseLong(length.group(1)));
            outside.recordValue(System.nanoTime() - start);
            Matcher replied = REPLIED.matcher(head);
            if (replied.find()) {
                inside.recordValue((long) (Double.parseDouble(replied.group(1)) * 1e6));
            }
        }
        out.put(name + "_inside_p50_us", inside.getValueAtPercentile(50) / 1e3);
        out.put(name + "_inside_p99_us", inside.getValueAtPercentile(99) / 1e3);
        out.put(name + "_outside_p50_us", outside.getValueAtPercentile(50) / 1e3);
        out.put(name + "_outside_p99_us", outside.getValueAtPercentile(99) / 1e3);
    }

    private static String head(InputStream in) throws Exception {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IllegalStateException("cut after: " + head);
            }
            head.append((char) next);
        }
        return head.toString();
    }
}
