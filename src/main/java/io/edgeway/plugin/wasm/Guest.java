package io.edgeway.plugin.wasm;

import com.dylibso.chicory.runtime.ByteArrayMemory;
import com.dylibso.chicory.runtime.ChicoryInterruptedException;
import com.dylibso.chicory.runtime.ExportFunction;
import com.dylibso.chicory.runtime.Instance;
import io.edgeway.plugin.wasm.engine.DepthException;
import io.edgeway.plugin.wasm.engine.Interpreter;
import io.vertx.core.Context;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** One instance of a module, for one event loop. */
final class Guest {
    /*
     * A failure leaves the module's memory in the middle of something, so the instance dies with it, and with it the
     * visits of other exchanges that were under way; each is told when it comes back. What a module asks for while it
     * runs, such as going on with an exchange, is done after its call has returned: other plugins must not run on its
     * time.
     */
    private static final Logger LOG = Logger.getLogger(Guest.class);

    static final int ROOT = 1;

    private final Hosted hosted;
    private final boolean trial;
    private final Sandbox.Limiter limiter;
    private final Instance instance;
    final GuestMemory memory;
    final Exports exports;
    final Errands errands;
    private final Map<Integer, Visit> visits = new HashMap<>();
    private final ArrayDeque<Runnable> afterwards = new ArrayDeque<>();
    private final @Nullable Context loop;

    private long deadlineNanos;
    private int depth;
    private long uncounted;
    private int lastContext = ROOT;
    private long idleTimer = -1;
    private long lastUsed;
    private boolean live;
    private boolean dead;

    /** The visit that the module's current call is about; null in its root context. */
    @Nullable
    Visit current;

    /**
     * Makes an instance and lets it read its configuration.
     *
     * @param trial only to see whether it starts, off the event loop: it gets no timer and makes no calls
     * @throws GuestFailure if it does not start
     */
    Guest(Hosted hosted, boolean trial, long startNanos) {
        this.hosted = hosted;
        this.trial = trial;
        this.deadlineNanos = startNanos;
        Sandbox.Meter meter = hosted.compiled() == null ? new Sandbox.Meter() : null;
        limiter = meter == null ? hosted.watchdog().watch() : meter;
        Module module = hosted.module();
        errands = new Errands(this, hosted, trial);
        boolean started = false;
        try {
            Instance.Builder builder = Instance.builder(module.code())
                    .withMemoryLimits(module.memory())
                    .withMemoryFactory(ByteArrayMemory::new)
                    .withTableFactory(Sandbox::table)
                    .withImportValues(new HostCalls(this, hosted).of(module))
                    .withInitialize(true)
                    .withStart(false);
            if (meter == null) {
                builder.withMachineFactory(hosted.compiled());
            } else {
                builder.withMachineFactory(machine -> new Interpreter(module.program(), machine, meter::look));
            }
            Instance[] built = new Instance[1];
            limited(none -> {
                built[0] = builder.build();
                return null;
            });
            instance = Objects.requireNonNull(built[0]);
            exports = new Exports(instance, module.exports());
            memory = new GuestMemory(instance.memory(), exports.allocate);
            loop = trial ? null : hosted.vertx().getOrCreateContext();
            begin();
            started = true;
        } catch (LinkageError | com.dylibso.chicory.wasm.ChicoryException e) {
            throw new GuestFailure(GuestFailure.Kind.START, "did not start: " + e.getMessage());
        } finally {
            if (!started) {
                die();
            }
        }
        deadlineNanos = hosted.options().deadline().toNanos();
        live = true;
        hosted.figures().starts.increment();
        if (!trial) {
            hosted.figures().instances.incrementAndGet();
            lastUsed = System.nanoTime();
            idleTimer = hosted.vertx()
                    .setPeriodic(
                            Math.max(hosted.options().idle().toMillis() / 2, 1), id -> dropWhenIdle(System.nanoTime()));
        }
    }

    private void begin() {
        if (instance.module().startSection().isPresent()) {
            int start = (int) instance.module().startSection().get().startIndex();
            limited(none -> instance.getMachine().call(start, none));
        }
        for (String name : List.of("_initialize", "_start")) {
            ExportFunction function = exports.get(name);
            if (function != null) {
                call(function);
                break;
            }
        }
        if (exports.contextCreate != null) {
            call(exports.contextCreate, ROOT, 0);
        }
        configure("proxy_on_vm_start", 0);
        configure("proxy_on_configure", configuration().length);
    }

    private void configure(String name, int size) {
        ExportFunction function = exports.get(name);
        if (function != null && call(function, ROOT, size) == 0) {
            throw new GuestFailure(GuestFailure.Kind.START, "refused its configuration in " + name);
        }
    }

    byte[] configuration() {
        return hosted.options().config().orElse("").getBytes(StandardCharsets.UTF_8);
    }

    /** How large its memory is; from any thread. */
    long bytes() {
        return memory.size();
    }

    boolean dead() {
        return dead;
    }

    /** Whether there may be a call on the stack. */
    boolean running() {
        return depth > 0;
    }

    Sandbox.Limiter limiter() {
        return limiter;
    }

    /** Runs something once the module's current call has returned. */
    void afterwards(Runnable task) {
        afterwards.add(task);
    }

    /** Time of the current call that the figures leave out, in nanoseconds. */
    void uncounted(long nanos) {
        uncounted += nanos;
    }

    /** @throws GuestFailure if the step fails; the instance is dead then */
    private long @Nullable [] limited(ExportFunction step, long... arguments) {
        if (dead) {
            throw new GuestFailure(GuestFailure.Kind.TRAP, "its instance failed on another exchange");
        }
        if (depth > 0) {
            // Called back by the host within a call that is limited already.
            return step.apply(arguments);
        }
        depth++;
        long start = System.nanoTime();
        uncounted = 0;
        limiter.begin(start + deadlineNanos);
        GuestFailure failure = null;
        boolean done = false;
        try {
            long[] result = step.apply(arguments);
            done = true;
            return result;
        } catch (Sandbox.DeadlineException | ChicoryInterruptedException e) {
            failure = new GuestFailure(
                    GuestFailure.Kind.DEADLINE, "ran longer than " + deadlineNanos / 1_000_000 + " ms");
        } catch (DepthException | StackOverflowError e) {
            failure = new GuestFailure(GuestFailure.Kind.DEPTH, "called itself too deeply");
        } catch (RuntimeException | AssertionError e) {
            String message = String.valueOf(e.getMessage());
            failure = new GuestFailure(
                    "call stack exhausted".equals(message) ? GuestFailure.Kind.DEPTH : GuestFailure.Kind.TRAP,
                    message.length() > 300 ? message.substring(0, 300) : message);
        } finally {
            // An interruption that came too late to stop the call changes nothing.
            limiter.end();
            depth--;
            if (live) {
                hosted.figures().called(System.nanoTime() - start - uncounted);
            }
            if (!done) {
                die();
            }
        }
        if (!trial) {
            hosted.failed(failure);
        }
        throw failure;
    }

    /** @throws GuestFailure if the call fails; the instance is dead then */
    int call(ExportFunction function, long... arguments) {
        long[] results = limited(function, arguments);
        if (depth == 0) {
            settle();
        }
        return results == null || results.length == 0 ? 0 : (int) results[0];
    }

    private void settle() {
        Runnable task;
        while ((task = afterwards.poll()) != null) {
            task.run();
        }
    }

    /** Calls about one exchange, or about none. */
    int call(@Nullable Visit visit, @Nullable ExportFunction function, long... arguments) {
        if (function == null) {
            return Abi.CONTINUE;
        }
        current = visit;
        try {
            return call(function, arguments);
        } finally {
            current = null;
        }
    }

    long lastUsed() {
        return lastUsed;
    }

    int enter(Visit visit) {
        lastUsed = System.nanoTime();
        do {
            lastContext = lastContext == Integer.MAX_VALUE ? ROOT + 1 : lastContext + 1;
        } while (visits.containsKey(lastContext));
        visits.put(lastContext, visit);
        call(visit, exports.contextCreate, lastContext, ROOT);
        return lastContext;
    }

    /** Tells the module that an exchange has ended. */
    void leave(Visit visit, int id) {
        if (visits.remove(id) == null || dead) {
            return;
        }
        call(visit, exports.onLog, id);
        call(visit, exports.onDone, id);
        call(visit, exports.onDelete, id);
    }

    @Nullable
    Visit visit(int id) {
        return visits.get(id);
    }

    int idOf(@Nullable Visit visit) {
        return visit == null ? ROOT : visit.id();
    }

    /** Runs what no exchange waits for. */
    void quietly(Runnable task) {
        if (dead) {
            return;
        }
        try {
            task.run();
        } catch (GuestFailure e) {
            // Counted where it was thrown; nobody waits to be told.
            LOG.debugf("A call of plugin %s in the background failed", hosted.name());
        }
    }

    /** Lets go of the instance if nobody has used it for so long. */
    void dropWhenIdle(long now) {
        if (visits.isEmpty()
                && errands.none()
                && now - lastUsed >= hosted.options().idle().toNanos()) {
            die();
        }
    }

    /** Lets go of the instance; on its event loop. */
    void die() {
        if (dead) {
            return;
        }
        dead = true;
        if (limiter instanceof Watchdog.Watch watch) {
            watch.close();
        }
        if (idleTimer >= 0) {
            hosted.vertx().cancelTimer(idleTimer);
            errands.close();
            hosted.figures().instances.decrementAndGet();
            hosted.gone(this);
        }
        List<Visit> left = new ArrayList<>(visits.values());
        visits.clear();
        left.forEach(Visit::hostDied);
    }

    /** Lets go of the instance from any thread. */
    void close() {
        if (loop != null) {
            loop.runOnContext(v -> die());
        } else {
            die();
        }
    }
}
