package io.edgeway.plugin.cache;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.reuse.Digest;
import io.edgeway.reuse.Recording;
import io.edgeway.state.RedisClient;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Answers in Redis, behind those in memory: nodes share them, and they survive a restart. Whatever goes wrong is a miss. */
final class RedisTier {
    /*
     * A key is a keyed hash of a request's digest, so that it tells nothing of the prompt to who lacks the secret. A
     * value is an answer behind a keyed hash over it and its key: one that was cut, changed, written by others, or moved
     * here from another key, does not fit and is not used.
     *
     * Purges need not find what they purge. One hash holds a random mark for each scope that was ever purged (all, a
     * tenant, a model, a tenant's model), an answer carries the marks that held when its call began, and counts only
     * while they still do. So a call that began before a purge brings nothing back, on whichever node it runs. The marks
     * outlive the answers that they outdated.
     */
    /** What is known after a look: the answer, if there was one to use, and the marks, if they could be read. */
    record Seen(Entry entry, String marks) {
        static final Seen NOTHING = new Seen(null, null);
    }

    enum Result {
        HIT,
        MISS,
        /** Redis did not answer in time. */
        AWAY,
        /** What lay there is not ours. */
        FOREIGN,
        /** An answer was not kept, since too many were on their way. */
        DROPPED
    }

    private static final int MAC_BYTES = 32;
    private static final int MARK = 16;
    private static final int MAX_MARKS = 4 * (MARK + 1);
    /** Bytes on their way to Redis. */
    private static final long MAX_SENDING = 16 << 20;
    /** How long a call may take that carries old marks. */
    private static final Duration LONGEST_CALL = Duration.ofHours(1);

    private final Vertx vertx;
    private final RedisClient client;
    private final CacheMeters meters;
    private final SecretKeySpec secret;
    private final String prefix;
    private final long ttlMillis;
    private final long waitMillis;
    private final int maxValue;
    private final AtomicLong sending = new AtomicLong();

    RedisTier(Vertx vertx, RedisClient client, String name, CacheConfig options, CacheMeters meters) {
        this.vertx = vertx;
        this.client = client;
        this.meters = meters;
        this.secret = new SecretKeySpec(
                ("edgeway cache " + options.redis().secret().orElse("")).getBytes(StandardCharsets.UTF_8),
                "HmacSHA256");
        this.prefix = client.prefix() + ":cache:" + name + ':';
        this.ttlMillis = options.ttl().toMillis();
        this.waitMillis = Math.max(1, options.redis().timeout().toMillis());
        this.maxValue = options.maxEntry().toInt() + 4 * Recording.OVERHEAD + 3 * 65_535;
    }

    /**
     * Looks for an answer, no longer than the configured time. Called on an event loop, completes there and never fails.
     *
     * @param value whether the answer itself is wanted, beside the marks to keep a fresh one under
     */
    Future<Seen> look(Digest key, String tenant, String model, boolean value) {
        String name = name(key);
        Future<Response> marks = client.send(Request.cmd(Command.HMGET)
                .arg(prefix + "purged")
                .arg("all")
                .arg(scope(tenant, null))
                .arg(scope(null, model))
                .arg(scope(tenant, model)));
        // Cut by the server, as a strange value may be of any size.
        Future<Response> bytes = value
                ? client.send(Request.cmd(Command.GETRANGE).arg(name).arg(0).arg(maxValue))
                : Future.succeededFuture();
        Promise<Seen> seen = Promise.promise();
        long timer = vertx.setTimer(waitMillis, id -> away(seen));
        Future.all(marks, bytes).onComplete(both -> {
            vertx.cancelTimer(timer);
            if (both.failed()) {
                away(seen);
            } else if (!seen.future().isComplete()) {
                seen.tryComplete(seen(name, key, tenant, model, marks.result(), bytes.result()));
            }
        });
        return seen.future();
    }

    private void away(Promise<Seen> seen) {
        if (seen.tryComplete(Seen.NOTHING)) {
            meters.redis(Result.AWAY);
        }
    }

    private Seen seen(String name, Digest key, String tenant, String model, Response marked, Response value) {
        String marks = marks(marked);
        if (value == null || marks == null) {
            return new Seen(null, marks);
        }
        byte[] bytes = value.toBytes();
        if (bytes.length == 0) {
            meters.redis(Result.MISS);
            return new Seen(null, marks);
        }
        try {
            if (bytes.length > MAC_BYTES + MAX_MARKS
                    && MessageDigest.isEqual(mac(name, bytes), Arrays.copyOf(bytes, MAC_BYTES))) {
                String keptUnder = new String(bytes, MAC_BYTES, MAX_MARKS, StandardCharsets.ISO_8859_1).stripTrailing();
                Entry.Kept kept = Entry.read(bytes, MAC_BYTES + MAX_MARKS);
                Entry entry = kept.entry();
                if (kept.key().equals(key)
                        && entry.tenant().equals(tenant)
                        && entry.model().equals(model)
                        && Json.read(entry.recording().json()) instanceof Map) {
                    boolean current = keptUnder.equals(marks);
                    meters.redis(current ? Result.HIT : Result.MISS);
                    return new Seen(current ? entry : null, marks);
                }
            }
        } catch (IOException | JsonException e) {
            // Not what we wrote.
        }
        meters.redis(Result.FOREIGN);
        return new Seen(null, marks);
    }

    /** The marks as one text, or null if they are none of ours. */
    private static String marks(Response response) {
        StringBuilder all = new StringBuilder(MAX_MARKS);
        for (Response each : response) {
            String mark = each == null ? "" : each.toString();
            if (mark.length() > MARK) {
                return null;
            }
            all.append(mark).append('.');
        }
        return all.toString();
    }

    /** Keeps an answer under the marks that held when its call began; nobody waits for it. */
    void keep(Digest key, Entry entry, String marks) {
        long left = ttlMillis - (System.currentTimeMillis() - entry.recording().createdMillis());
        if (left <= 0) {
            return;
        }
        byte[] payload;
        try {
            payload = entry.bytes(key);
        } catch (IOException e) {
            return;
        }
        byte[] value = new byte[MAC_BYTES + MAX_MARKS + payload.length];
        if (value.length > maxValue || sending.addAndGet(value.length) > MAX_SENDING) {
            sending.addAndGet(value.length > maxValue ? 0 : -value.length);
            meters.redis(Result.DROPPED);
            return;
        }
        Arrays.fill(value, MAC_BYTES, MAC_BYTES + MAX_MARKS, (byte) ' ');
        byte[] under = marks.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(under, 0, value, MAC_BYTES, under.length);
        System.arraycopy(payload, 0, value, MAC_BYTES + MAX_MARKS, payload.length);
        String name = name(key);
        System.arraycopy(mac(name, value), 0, value, 0, MAC_BYTES);
        client.send(Request.cmd(Command.SET).arg(name).arg(value).arg("PX").arg(left))
                .onComplete(done -> {
                    sending.addAndGet(-value.length);
                    if (done.failed()) {
                        meters.redis(Result.AWAY);
                    }
                });
    }

    /** Forgets one answer, or those of a model, a tenant, a tenant's model, or all. */
    Future<?> forget(Digest key, String tenant, String model) {
        if (key != null) {
            return client.send(Request.cmd(Command.DEL).arg(name(key)));
        }
        byte[] mark = new byte[MARK / 2];
        new SecureRandom().nextBytes(mark);
        return client.send(Request.cmd(Command.HSET)
                        .arg(prefix + "purged")
                        .arg(tenant == null && model == null ? "all" : scope(tenant, model))
                        .arg(HexFormat.of().formatHex(mark)))
                .compose(set -> client.send(
                        Request.cmd(Command.PEXPIRE).arg(prefix + "purged").arg(ttlMillis + LONGEST_CALL.toMillis())));
    }

    private String name(Digest key) {
        return prefix + hex("key", key.hex());
    }

    private String scope(String tenant, String model) {
        return hex("scope", (tenant == null ? "-" : '=' + tenant) + '\n' + (model == null ? "-" : '=' + model));
    }

    private String hex(String kind, String text) {
        Mac mac = mac();
        mac.update(kind.getBytes(StandardCharsets.UTF_8));
        mac.update((byte) 0);
        return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)), 0, 16);
    }

    /** The keyed hash of a value and where it lies. */
    private byte[] mac(String name, byte[] value) {
        Mac mac = mac();
        mac.update(name.getBytes(StandardCharsets.UTF_8));
        mac.update((byte) 0);
        mac.update(value, MAC_BYTES, value.length - MAC_BYTES);
        return mac.doFinal();
    }

    private Mac mac() {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(secret);
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
