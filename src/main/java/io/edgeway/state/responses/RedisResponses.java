package io.edgeway.state.responses;

import io.edgeway.state.RedisClient;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import org.jboss.logging.Logger;

/** Responses in Redis, so that any node goes on with a conversation that another began. */
public final class RedisResponses implements ResponseStore {
    /*
     * What Redis has not confirmed stays in memory: a client that goes on at once finds it, on whichever connection, and
     * while Redis is away this node still knows its own. Memory is bounded; so is the size of a value. How many values
     * there are is for their time to live and the server's maxmemory to say.
     */
    private static final Logger LOG = Logger.getLogger(RedisResponses.class);
    /** The largest response with its conversation that is kept. */
    private static final int MAX_VALUE = 16 << 20;

    private final RedisClient client;
    private final MemoryResponses unconfirmed;

    public RedisResponses(RedisClient client, MemoryResponses unconfirmed) {
        this.client = client;
        this.unconfirmed = unconfirmed;
    }

    @Override
    public void bound(long maxBytes) {
        unconfirmed.bound(maxBytes);
    }

    @Override
    public Future<Void> put(String tenant, String id, StoredResponse response, Duration ttl) {
        if (response.weight() > MAX_VALUE) {
            return Future.succeededFuture();
        }
        unconfirmed.put(tenant, id, response, ttl);
        client.send(Request.cmd(Command.SET)
                        .arg(key(tenant, id))
                        .arg(bytes(response))
                        .arg("PX")
                        .arg(Math.max(1, ttl.toMillis())))
                .onSuccess(set -> unconfirmed.delete(tenant, id))
                .onFailure(failure -> LOG.debugf("Response %s stays on this node: %s", id, failure.getMessage()));
        return Future.succeededFuture();
    }

    /** Fails with {@link io.edgeway.state.StoreAwayException} where only Redis could tell. */
    @Override
    public Future<StoredResponse> find(String tenant, String id) {
        return unconfirmed
                .find(tenant, id)
                .compose(here -> here != null
                        ? Future.succeededFuture(here)
                        : client.send(Request.cmd(Command.GET).arg(key(tenant, id)))
                                .map(RedisResponses::response));
    }

    @Override
    public Future<Boolean> delete(String tenant, String id) {
        return unconfirmed.delete(tenant, id).compose(here -> client.send(
                        Request.cmd(Command.DEL).arg(key(tenant, id)))
                .map(deleted -> here || deleted.toLong() > 0));
    }

    /** The tenant is hashed: its name is none of Redis's business, and may hold anything. */
    private String key(String tenant, String id) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(tenant.getBytes(StandardCharsets.UTF_8));
            return client.prefix() + ":response:" + HexFormat.of().formatHex(digest, 0, 16) + ':' + id;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The length of the response, the response, the input. */
    private static byte[] bytes(StoredResponse stored) {
        return ByteBuffer.allocate(Integer.BYTES + stored.weight())
                .putInt(stored.response().length)
                .put(stored.response())
                .put(stored.input())
                .array();
    }

    /** The response, or null where there is none or what lies there is not ours. */
    private static StoredResponse response(Response value) {
        if (value == null) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(value.toBytes());
        if (bytes.remaining() < Integer.BYTES) {
            return null;
        }
        int length = bytes.getInt();
        if (length < 0 || length > bytes.remaining()) {
            return null;
        }
        byte[] response = new byte[length];
        bytes.get(response);
        byte[] input = new byte[bytes.remaining()];
        bytes.get(input);
        return new StoredResponse(response, input);
    }
}
