package io.edgeway.server;

import io.edgeway.assembly.Gateway;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** A page that chats over the chat socket, so that whoever set up a node can try it without a client. */
final class PageDoor implements Door {
    static final String PATH = "/chat";

    private static final byte[] PAGE = read();

    /** Only the page's own script runs, and it reaches only the node that it came from. */
    private static final String POLICY =
            "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src '" + hash()
                    + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static byte[] read() {
        try (InputStream in = PageDoor.class.getResourceAsStream("chat.html")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hash() {
        String page = new String(PAGE, StandardCharsets.UTF_8);
        String script = page.substring(page.indexOf("<script>") + "<script>".length(), page.indexOf("</script>"));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void handle(HttpServerRequest request, Gateway gateway) {
        gateway.exit();
        request.response()
                .putHeader("content-type", "text/html; charset=utf-8")
                .putHeader("content-security-policy", POLICY)
                .putHeader("x-content-type-options", "nosniff")
                .putHeader("referrer-policy", "no-referrer")
                .putHeader("cache-control", "no-cache")
                .end(Buffer.buffer(PAGE));
    }
}
