package io.edgeway.state;

import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** A Lua script that is called by its digest, and sent whole only to a server that does not have it. */
public final class RedisScript {
    private final String source;
    private final String digest;

    private RedisScript(String source) {
        this.source = source;
        try {
            this.digest = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-1").digest(source.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Reads a script that lies beside a class. */
    public static RedisScript resource(Class<?> beside, String file) {
        try (InputStream in = beside.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + file + " is missing");
            }
            return new RedisScript(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All keys must be in one slot of a cluster. */
    public Future<Response> call(RedisClient client, List<String> keys, List<String> arguments) {
        return client.send(request(Command.EVALSHA, digest, keys, arguments))
                .recover(cause -> cause instanceof ErrorType error && error.is("NOSCRIPT")
                        ? client.send(request(Command.EVAL, source, keys, arguments))
                        : Future.failedFuture(cause));
    }

    private static Request request(Command command, String script, List<String> keys, List<String> arguments) {
        Request request = Request.cmd(command).arg(script).arg(keys.size());
        keys.forEach(request::arg);
        arguments.forEach(request::arg);
        return request;
    }
}
