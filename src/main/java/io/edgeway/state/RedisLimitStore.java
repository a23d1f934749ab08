package io.edgeway.state;

import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/** Counters in Redis, shared by every node that names it. A decision is one call of one script, by Redis's clock. */
public final class RedisLimitStore implements LimitStore, AutoCloseable {
    /*
     * Settlements that could not be sent wait here until Redis is back, oldest dropped first. One that may have been
     * carried out is not sent again: what it leaves behind drains with time (a rate), ends with its lease (a concurrent
     * exchange) or stays counted as spent (a total), which errs against the caller and never grants twice.
     */
    private static final Logger LOG = Logger.getLogger(RedisLimitStore.class);
    private static final RedisScript RESERVE = RedisScript.resource(RedisLimitStore.class, "reserve.lua");
    private static final RedisScript SETTLE = RedisScript.resource(RedisLimitStore.class, "settle.lua");
    private static final int MAX_UNSENT = 10_000;

    private final RedisClient client;
    private final long leaseMillis;
    private final LongSupplier nanos;
    private final String node = UUID.randomUUID().toString();
    private final AtomicLong holders = new AtomicLong();
    private final ConcurrentLinkedQueue<Settlement> unsent = new ConcurrentLinkedQueue<>();
    private final AtomicInteger unsentCount = new AtomicInteger();
    private final Runnable sendUnsent = this::sendUnsent;

    /** @param leaseMillis how long an exchange may hold a {@link Quota.Concurrent} if its node never settles */
    public RedisLimitStore(RedisClient client, long leaseMillis) {
        this(client, leaseMillis, null);
    }

    /** @param nanos a clock in place of Redis's own */
    RedisLimitStore(RedisClient client, long leaseMillis, LongSupplier nanos) {
        this.client = client;
        this.leaseMillis = leaseMillis;
        this.nanos = nanos;
        client.onReturn(sendUnsent);
    }

    @Override
    public Future<Reservation> reserve(List<Claim> claims) {
        String holder = node + ':' + holders.incrementAndGet();
        List<String> arguments = arguments(holder, 4 * claims.size());
        for (Claim claim : claims) {
            switch (claim.quota()) {
                case Quota.Rate rate -> add(arguments, "r", rate.cost(claim.units()), rate.burstNanos(), 0);
                case Quota.Concurrent concurrent -> add(arguments, "c", concurrent.max(), leaseMillis, 0);
                case Quota.Total total -> add(arguments, "t", claim.units(), total.max(), total.endsAtMillis());
            }
        }
        return RESERVE.call(client, keys(claims), arguments).map(reply -> reservation(holder, claims, reply));
    }

    private Reservation reservation(String holder, List<Claim> claims, Response reply) {
        long[] levels = new long[claims.size()];
        int refusedBy = 0;
        long longest = 0;
        for (int i = 0; i < levels.length; i++) {
            levels[i] = reply.get(2 * i + 1).toLong();
            long wait = reply.get(2 * i + 2).toLong();
            wait = wait < 0 ? Reservation.NEVER : wait;
            if (wait > longest) {
                longest = wait;
                refusedBy = i;
            }
        }
        return reply.get(0).toLong() == 1
                ? new Grant(holder, claims, levels)
                : Reservation.refused(claims, levels, refusedBy, longest);
    }

    private List<String> keys(List<Claim> claims) {
        List<String> keys = new ArrayList<>(claims.size());
        for (Claim claim : claims) {
            keys.add(client.prefix() + ':' + claim.key());
        }
        return keys;
    }

    private List<String> arguments(String holder, int more) {
        List<String> arguments = new ArrayList<>(3 + more);
        arguments.add(holder);
        if (nanos == null) {
            arguments.add("");
            arguments.add("");
        } else {
            long now = nanos.getAsLong();
            arguments.add(Long.toString(now / 1_000_000_000));
            arguments.add(Long.toString(now % 1_000_000_000));
        }
        return arguments;
    }

    private static void add(List<String> arguments, String kind, long... numbers) {
        arguments.add(kind);
        for (long number : numbers) {
            arguments.add(Long.toString(number));
        }
    }

    private void send(Settlement settlement) {
        List<Claim> claims = settlement.claims;
        List<String> arguments = arguments(settlement.holder, 3 * claims.size());
        for (int i = 0; i < claims.size(); i++) {
            Claim claim = claims.get(i);
            long used = settlement.used[i];
            switch (claim.quota()) {
                case Quota.Rate rate ->
                    add(arguments, "r", rate.cost(used) - rate.cost(claim.units()), Quota.Rate.MAX_BACKLOG_NANOS);
                case Quota.Concurrent concurrent -> add(arguments, "c", 0, 0);
                case Quota.Total total -> add(arguments, "t", used - claim.units(), total.endsAtMillis());
            }
        }
        SETTLE.call(client, keys(claims), arguments).onFailure(cause -> {
            if (cause instanceof StoreAwayException gone && !gone.sent()) {
                keep(settlement);
            } else {
                LOG.debugf("A settlement may be lost: %s", cause.getMessage());
            }
        });
    }

    private void keep(Settlement settlement) {
        unsent.add(settlement);
        if (unsentCount.incrementAndGet() > MAX_UNSENT && unsent.poll() != null) {
            unsentCount.decrementAndGet();
        }
    }

    private void sendUnsent() {
        for (int left = unsentCount.get(); left > 0; left--) {
            Settlement settlement = unsent.poll();
            if (settlement == null) {
                return;
            }
            unsentCount.decrementAndGet();
            send(settlement);
        }
    }

    /** Settlements that wait for Redis. */
    public int unsent() {
        return unsentCount.get();
    }

    @Override
    public void close() {
        client.removeOnReturn(sendUnsent);
    }

    private record Settlement(String holder, List<Claim> claims, long[] used) {}

    private final class Grant extends Reservation {
        private final String holder;

        Grant(String holder, List<Claim> claims, long[] levels) {
            super(claims, levels);
            this.holder = holder;
        }

        @Override
        protected void settleWith(long[] used) {
            if (unchanged(used)) {
                return;
            }
            send(new Settlement(holder, claims(), used));
        }

        private boolean unchanged(long[] used) {
            for (int i = 0; i < used.length; i++) {
                Claim claim = claims().get(i);
                if (claim.quota() instanceof Quota.Concurrent || claim.units() != used[i]) {
                    return false;
                }
            }
            return true;
        }
    }
}
