package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.edgeway.testkit.FakeCloud;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a proxied request allocates on its event loop: counted, not timed, so that it cannot creep up unseen. */
class AllocationTest {
    private static final int WARM_UP = 3000;
    private static final int COUNTED = 2000;

    private FakeCloud cloud;
    private TestGateway gateway;
    private Socket socket;

    @BeforeEach
    void start() throws IOException {
        cloud = FakeCloud.start().quiet();
        gateway = TestGateway.start("""
                edgeway:
                  models: { gpt: { cloud: { upstreams: [fake] } } }
                  upstreams: { fake: { url: "%s" } }
                  plugins:
                    callers: { type: auth, anonymous: always }
                    route: { type: router }
                  routes: [ { match: "/v1/*", chain: [callers, route] } ]
                """.formatted(cloud.url()), 1);
        socket = new Socket("127.0.0.1", gateway.port());
        socket.setTcpNoDelay(true);
    }

    @AfterEach
    void stop() throws IOException {
        socket.close();
        gateway.close();
        cloud.close();
    }

    @Test
    void aWholeReplyCostsLittle() throws Exception {
        assertThat(bytesPerRequest(false)).isLessThan(15_500);
    }

    @Test
    void aStreamedReplyCostsLittle() throws Exception {
        assertThat(bytesPerRequest(true)).isLessThan(38_000);
    }

    private long bytesPerRequest(boolean stream) throws Exception {
        byte[] request = request(stream);
        for (int i = 0; i < WARM_UP; i++) {
            exchange(request, stream);
        }
        CompletableFuture<Long> loop = new CompletableFuture<>();
        gateway.vertx()
                .getOrCreateContext()
                .runOnContext(v -> loop.complete(Thread.currentThread().threadId()));
        long id = loop.get(5, TimeUnit.SECONDS);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getThreadAllocatedBytes(id);
        for (int i = 0; i < COUNTED; i++) {
            exchange(request, stream);
        }
        long bytes = (threads.getThreadAllocatedBytes(id) - before) / COUNTED;
        System.out.println((stream ? "streamed: " : "whole: ") + bytes + " bytes a request");
        return bytes;
    }

    private byte[] request(boolean stream) {
        String body = "{\"model\":\"gpt\",\"stream\":" + stream
                + ",\"messages\":[{\"role\":\"user\",\"content\":\"What is the capital of France?\"}]}";
        return ("POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                        + "authorization: Bearer sk-test\r\ncontent-length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Sends a request and reads its reply to the end, by the length of the body or the last chunk. */
    private void exchange(byte[] request, boolean stream) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(request);
        out.flush();
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[65536];
        int length = 0;
        while (true) {
            int read = in.read(buffer, length, buffer.length - length);
            if (read < 0) {
                throw new IOException("the gateway closed the connection");
            }
            length += read;
            String text = new String(buffer, 0, length, StandardCharsets.US_ASCII);
            if (stream) {
                if (text.endsWith("0\r\n\r\n")) {
                    return;
                }
                continue;
            }
            int head = text.indexOf("\r\n\r\n");
            int at = text.indexOf("content-length: ");
            if (head >= 0 && at >= 0) {
                int size = Integer.parseInt(text.substring(at + 16, text.indexOf('\r', at)));
                if (length >= head + 4 + size) {
                    return;
                }
            }
        }
    }
}
