package io.edgeway.plugin.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import io.edgeway.api.ApiException;
import io.edgeway.pipeline.AdminEndpoint;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.edgeway.plugin.cache.CacheMeters.Result;
import io.edgeway.reuse.CacheControl;
import io.edgeway.reuse.Digest;
import io.edgeway.reuse.Recording;
import io.edgeway.state.RedisClient;
import io.vertx.core.Future;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** Answers from the store, or shares the call that fills it. */
final class CachePlugin implements Plugin {
    private final Store store;
    private final ConcurrentMap<Digest, Flight> flights = new ConcurrentHashMap<>();
    private final RequestKey keys;
    private final Repeatable repeatable;
    private final CacheMeters meters;
    private final int maxEntry;
    private final boolean coalesce;
    private final long ttlSeconds;
    private final PluginContext context;
    private final CacheConfig options;
    private final String name;
    /** Null without Redis. */
    private final RedisTier redis;

    CachePlugin(String name, CacheConfig options, PluginContext context) {
        meters = new CacheMeters(context.meters(), name);
        store = context.shared(
                "cache/" + name + "/" + options.maxBytes().value() + "/" + options.ttl(),
                () -> new Store(options.maxBytes().value(), options.ttl(), Ticker.systemTicker()));
        keys = new RequestKey(options.scope() == CacheConfig.Scope.KEY, options.vary());
        repeatable = new Repeatable(options.when() == CacheConfig.When.ALWAYS);
        maxEntry = options.maxEntry().toInt();
        coalesce = options.coalesce();
        ttlSeconds = options.ttl().toSeconds();
        this.context = context;
        this.options = options;
        this.name = name;
        this.redis = options.redis().url().isEmpty() ? null : redis();
    }

    private RedisTier redis() {
        RedisClient client = context.shared(
                RedisClient.identity(options.redis()), () -> new RedisClient(context.vertx(), options.redis()));
        return new RedisTier(context.vertx(), client, name, options, meters);
    }

    @Override
    public Future<Void> start() {
        meters.watch(store);
        return options.snapshot() ? context.vertx().executeBlocking(this::loadSnapshot) : Future.succeededFuture();
    }

    private Void loadSnapshot() {
        boolean[] mine = new boolean[1];
        Snapshot snapshot = context.shared("cache/" + name + "/snapshot", () -> {
            mine[0] = true;
            return new Snapshot(context.stateDirectory().resolve("cache-" + name + ".snapshot"), store, options.ttl());
        });
        if (mine[0] && !snapshot.load()) {
            meters.error("snapshot");
        }
        return null;
    }

    @Override
    public Future<Reply> handle(Exchange exchange, Next next) {
        CacheControl wish = CacheControl.parse(exchange.requestHeader("cache-control"));
        String tenant = exchange.principal().tenant();
        boolean takesPart = !wish.noStore() && repeatable.test(exchange);
        if (!takesPart) {
            if (wish.onlyIfCached()) {
                return Future.failedFuture(notCached());
            }
            meters.count(tenant, Result.BYPASS);
            CacheHeaders.bypass(exchange);
            return next.handle(exchange);
        }
        Digest key = keys.of(exchange);
        Future<Reply> hit = wish.noCache() ? null : inMemory(exchange, key, wish);
        if (hit != null) {
            return hit;
        }
        if (redis == null || coalesce && !wish.noCache() && flights.containsKey(key)) {
            return miss(exchange, next, key, wish, null);
        }
        long began = store.generation();
        return redis.look(key, tenant, exchange.model(), !wish.noCache()).compose(seen -> {
            if (exchange.isCancelled()) {
                return Future.failedFuture(exchange.cancelCause());
            }
            if (seen.entry() != null) {
                store.put(key, seen.entry(), began);
            }
            Future<Reply> found = wish.noCache() ? null : repeat(exchange, seen.entry(), wish);
            // A call may have ended while Redis was asked.
            found = found == null && !wish.noCache() ? inMemory(exchange, key, wish) : found;
            return found == null ? miss(exchange, next, key, wish, seen.marks()) : found;
        });
    }

    private Future<Reply> inMemory(Exchange exchange, Digest key, CacheControl wish) {
        Entry entry = store.get(key);
        return entry != null && entry.tenant().equals(exchange.principal().tenant())
                ? repeat(exchange, entry, wish)
                : null;
    }

    /** The answer told again, or null if there is none or it is too old. */
    private Future<Reply> repeat(Exchange exchange, Entry entry, CacheControl wish) {
        if (entry == null) {
            return null;
        }
        long age = entry.recording().ageSeconds(System.currentTimeMillis());
        return age <= ttlSeconds && wish.allowsAge(age) ? hit(exchange, entry.recording(), age) : null;
    }

    /** @param marks under which Redis keeps the answer, or null if it does not */
    private Future<Reply> miss(Exchange exchange, Next next, Digest key, CacheControl wish, String marks) {
        exchange.passport().stamp(Stage.CACHE_LOOKED_UP);
        if (wish.onlyIfCached()) {
            return Future.failedFuture(notCached());
        }
        return coalesce && !wish.noCache() ? share(exchange, next, key, marks) : lead(exchange, next, key, null, marks);
    }

    @Override
    public AdminEndpoint admin() {
        return new CacheAdmin(store, redis);
    }

    private Future<Reply> hit(Exchange exchange, Recording recording, long age) {
        meters.count(exchange.principal().tenant(), Result.HIT);
        CacheHeaders.hit(exchange, recording.backend(), age);
        exchange.passport().stamp(Stage.CACHE_LOOKED_UP);
        boolean stream = exchange.request().stream();
        return Future.succeededFuture(
                stream ? recording.events(exchange.request().includeUsage()) : recording.whole());
    }

    private Future<Reply> share(Exchange exchange, Next next, Digest key, String marks) {
        Flight flight = flights.get(key);
        if (flight == null) {
            Flight own = flight(exchange, key, marks, true);
            flight = flights.putIfAbsent(key, own);
            if (flight == null) {
                return lead(exchange, next, key, own, marks);
            }
        }
        meters.count(exchange.principal().tenant(), Result.COALESCED);
        return flight.join(exchange).recover(failure -> {
            if (exchange.isCancelled() || !goesOnAlone(exchange, failure)) {
                return Future.failedFuture(failure);
            }
            CacheHeaders.miss(exchange);
            return next.handle(exchange);
        });
    }

    private Future<Reply> lead(Exchange exchange, Next next, Digest key, Flight shared, String marks) {
        meters.count(exchange.principal().tenant(), Result.MISS);
        CacheHeaders.miss(exchange);
        Flight flight = shared == null ? flight(exchange, key, marks, false) : shared;
        return flight.lead(exchange, next);
    }

    private Flight flight(Exchange exchange, Digest key, String marks, boolean listed) {
        String tenant = exchange.principal().tenant();
        String model = exchange.model();
        long began = store.generation();
        return new Flight(exchange, maxEntry, (flight, recording) -> {
            if (recording != null) {
                Entry entry = new Entry(tenant, model, recording);
                store.put(key, entry, began);
                if (marks != null && store.generation() == began) {
                    redis.keep(key, entry, marks);
                }
            }
            if (listed) {
                flights.remove(key, flight);
            }
        });
    }

    /** The first one's deadline is not this one's. */
    private static boolean goesOnAlone(Exchange exchange, Throwable failure) {
        return failure == Flight.Alone.SIGNAL
                || failure instanceof ApiException e
                        && (e.status() == 504 || e.status() == 499)
                        && (exchange.deadlineNanos() == Long.MAX_VALUE
                                || exchange.deadlineNanos() - System.nanoTime() > 0);
    }

    private static ApiException notCached() {
        return ApiException.timeout(
                "not_cached",
                "There is no stored answer to this request, and its Cache-Control header says only-if-cached.");
    }
}
