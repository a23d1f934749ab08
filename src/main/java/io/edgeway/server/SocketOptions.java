package io.edgeway.server;

import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.HttpServerOptions;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** What the listeners must know of WebSockets before they open. */
@ApplicationScoped
public class SocketOptions implements HttpServerOptionsCustomizer {
    /** A client may put a message of any size into one frame; the door's own bound is lower. */
    private static final int MAX_FRAME = 16 << 20;

    /** What a browser names beside its key: a server must take up one of the protocols that it is offered. */
    static final String PROTOCOL = "edgeway";

    @Override
    public void customizeHttpServer(HttpServerOptions options) {
        apply(options);
    }

    @Override
    public void customizeHttpsServer(HttpServerOptions options) {
        apply(options);
    }

    static HttpServerOptions apply(HttpServerOptions options) {
        return options.setMaxWebSocketFrameSize(MAX_FRAME)
                .setMaxWebSocketMessageSize(MAX_FRAME)
                .setWebSocketSubProtocols(List.of(PROTOCOL, "realtime"))
                // A compressor per socket costs more memory than all else about it, and tokens are too short to gain.
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false);
    }
}
