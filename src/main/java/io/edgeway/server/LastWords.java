package io.edgeway.server;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.concurrent.TimeUnit;

/**
 * Tells the peer of a WebSocket that broke the protocol, by a frame that is too large or faulty, with which code it is
 * closed. Vert.x only closes; and to close while the peer is sending answers it with a reset, which takes from it what
 * it has not read. So the close frame is written and this side's end told, and what comes is thrown away until the peer
 * has closed or time is up.
 */
final class LastWords extends ChannelDuplexHandler {
    private static final String DECODER = "wsdecoder";
    private static final String ENCODER = "wsencoder";
    private static final long LINGER_SECONDS = 5;

    private boolean spoken;

    private LastWords() {}

    /** @param connection one that has just become a WebSocket's */
    static void of(HttpConnection connection) {
        if (connection instanceof ConnectionBase base) {
            ChannelPipeline pipeline = base.channel().pipeline();
            if (pipeline.get(DECODER) != null && pipeline.get(ENCODER) != null) {
                pipeline.addAfter(ENCODER, null, new LastWords());
            }
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!spoken && cause instanceof CorruptedWebSocketFrameException broken) {
            spoken = true;
            context.pipeline().remove(DECODER);
            context.writeAndFlush(new CloseWebSocketFrame(broken.closeStatus(), broken.getMessage()))
                    .addListener(written -> end(context));
            context.channel().config().setAutoRead(true);
            ScheduledFuture<?> last =
                    context.executor().schedule(() -> context.close(), LINGER_SECONDS, TimeUnit.SECONDS);
            context.channel().closeFuture().addListener(closed -> last.cancel(false));
        }
        context.fireExceptionCaught(cause);
    }

    private static void end(ChannelHandlerContext context) {
        if (context.pipeline().get(SslHandler.class) instanceof SslHandler tls) {
            tls.closeOutbound();
        } else if (context.channel() instanceof DuplexChannel channel) {
            channel.shutdownOutput();
        }
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        if (spoken) {
            context.channel().closeFuture().addListener((ChannelFutureListener) closed -> promise.trySuccess());
        } else {
            context.close(promise);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (spoken) {
            ReferenceCountUtil.release(message);
        } else {
            context.fireChannelRead(message);
        }
    }
}
