package io.edgeway.plugin.wasm;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Machine;
import io.edgeway.api.ApiException;
import io.vertx.core.Vertx;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** A module with its options, and the instances of it: one for each event loop that met an exchange for it. */
final class Hosted implements AutoCloseable {
    /** A first start reads classes and data that later ones find warm. */
    private static final long TRIAL_NANOS = 5_000_000_000L;

    /** A start makes several calls, and the trial has shown that it ends. */
    private static final int START_DEADLINES = 10;

    private static final Logger LOG = Logger.getLogger(Hosted.class);
    private static final long RETRY_MILLIS = 1000;

    private final String name;
    private final Module module;
    private final WasmConfig options;
    private final Vertx vertx;
    private final Figures figures;
    private final GuestMetrics metrics;
    private final SharedData data;
    private final Health health;
    private final int maxBody;
    private final Map<Thread, Guest> guests = new ConcurrentHashMap<>();
    private volatile @Nullable Function<Instance, Machine> compiled;
    private @Nullable Watchdog watchdog;
    private @Nullable HttpCalls calls;
    private volatile boolean closed;

    Hosted(
            String name,
            Module module,
            WasmConfig options,
            Vertx vertx,
            Figures figures,
            GuestMetrics metrics,
            SharedData data) {
        this.name = name;
        this.module = module;
        this.options = options;
        this.vertx = vertx;
        this.figures = figures;
        this.metrics = metrics;
        this.data = data;
        this.health = new Health(options.failures(), options.off().toNanos(), System::nanoTime);
        this.maxBody = options.maxBody().toInt();
    }

    /**
     * Makes ready to be run, and makes one instance to see whether it starts. Not on an event loop.
     *
     * @throws GuestFailure if it does not
     */
    synchronized void prepare() {
        if (compiled == null) {
            compiled = Sandbox.compile(module, options.engine());
        }
        new Guest(this, true, TRIAL_NANOS).close();
    }

    /**
     * The instance of this event loop, made if there is none.
     *
     * @throws GuestFailure if it does not start
     */
    Guest guest() {
        Guest guest = guests.get(Thread.currentThread());
        if (guest != null && !guest.dead()) {
            return guest;
        }
        try {
            guest = new Guest(this, false, START_DEADLINES * options.deadline().toNanos());
        } catch (GuestFailure e) {
            failed(e);
            throw e;
        }
        guests.put(Thread.currentThread(), guest);
        if (closed) {
            guest.close();
        }
        return guest;
    }

    void gone(Guest guest) {
        guests.remove(Thread.currentThread(), guest);
    }

    void failed(GuestFailure failure) {
        if (!failure.count()) {
            return;
        }
        figures.failed(failure.kind());
        LOG.warnf("Plugin %s: the module %s", name, failure.getMessage());
        if (health.failed(failure.getMessage())) {
            LOG.errorf(
                    "Plugin %s is switched off after %d failures in a row; it is tried again every %d s",
                    name, options.failures(), options.off().toSeconds());
        }
    }

    /** What a client is told whose exchange cannot go on without the module. */
    ApiException refusal() {
        return ApiException.unavailable(
                "plugin_failed",
                "The plugin '" + name + "' failed, and requests do not pass without it. Try again later.",
                RETRY_MILLIS);
    }

    /** What the module did, and what its instances hold now. */
    Map<String, Object> told() {
        Map<String, Object> told = figures.told();
        told.put(
                "memory_bytes", guests.values().stream().mapToLong(Guest::bytes).sum());
        return told;
    }

    String state() {
        return health.off() ? "off" : "on";
    }

    String engine() {
        return compiled == null ? "interpreted" : "compiled";
    }

    synchronized HttpCalls calls() {
        HttpCalls existing = calls;
        if (existing == null) {
            existing = new HttpCalls(vertx, options.calls());
            calls = existing;
        }
        return existing;
    }

    synchronized Watchdog watchdog() {
        Watchdog existing = watchdog;
        if (existing == null) {
            existing = new Watchdog(options.deadline().toNanos());
            watchdog = existing;
        }
        return existing;
    }

    @Nullable
    Function<Instance, Machine> compiled() {
        return compiled;
    }

    boolean open() {
        return options.fail() == WasmConfig.Fail.OPEN;
    }

    String name() {
        return name;
    }

    Module module() {
        return module;
    }

    WasmConfig options() {
        return options;
    }

    Vertx vertx() {
        return vertx;
    }

    Figures figures() {
        return figures;
    }

    GuestMetrics metrics() {
        return metrics;
    }

    SharedData data() {
        return data;
    }

    Health health() {
        return health;
    }

    int maxBody() {
        return maxBody;
    }

    @Override
    public synchronized void close() {
        closed = true;
        guests.values().forEach(Guest::close);
        if (watchdog != null) {
            watchdog.close();
        }
        if (calls != null) {
            calls.close();
        }
    }
}
