package io.edgeway.backend.local;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.edgeway.api.ApiException;
import io.edgeway.memory.HeapThread;
import io.edgeway.onnx.Processor;
import io.edgeway.pipeline.Load;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * Runs one model for many requests at once. Its thread owns the session and repeats: let rows leave, let waiting
 * requests in, read some chunks of prompts, take one step for all rows that are past theirs. The model is loaded on
 * first use and may be unloaded after a time without any.
 */
public final class Engine implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Engine.class);

    /** How long after a failed load requests are refused without another try. */
    private static final long RETRY_LOAD_NANOS = TimeUnit.SECONDS.toNanos(15);

    /** An idle model keeps its key and value memory this long: the next message of a chat usually comes sooner. */
    private static final long RELEASE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final String name;
    private final EngineSettings settings;
    private final LoadedModels registry;
    private final LocalMetrics metrics;
    /** Nanoseconds, by which an idle model is unloaded and a failed load tried again. */
    private final LongSupplier clock;

    private final Throughput throughput = new Throughput();
    private final Queue<Runnable> inbox = new ConcurrentLinkedQueue<>();
    private final WaitingLine line = new WaitingLine();
    private final ReadingPass reading = new ReadingPass();
    private final ArrayDeque<TextWaiter> textWaiters = new ArrayDeque<>();
    private final Rows rows;
    private final Speculation speculation = new Speculation();
    private final int[] tokens;
    private final int[] past;

    private boolean started;
    /** Null until it runs; it looks at the inbox before it first sleeps. */
    private Thread thread;

    private volatile boolean closed;
    private volatile ModelText text;
    private volatile int context;
    private volatile boolean loaded;
    private volatile long usedNanos;
    private volatile RuntimeException loadFailure;
    private volatile long loadFailureNanos;
    private volatile int activeRows;
    private volatile int pausedRows;

    // The rest belongs to the engine's thread.
    private OpenModel model;
    /** The files that have been verified, as they were then. */
    private String verified;

    /** When it was looked at last whether less memory would do. */
    private long ampleNanos;

    private record TextWaiter(Consumer<ModelText> ready, Consumer<RuntimeException> failed) {}

    public Engine(String name, EngineSettings settings, LoadedModels registry, LocalMetrics metrics) {
        this(name, settings, registry, metrics, System::nanoTime);
    }

    Engine(String name, EngineSettings settings, LoadedModels registry, LocalMetrics metrics, LongSupplier clock) {
        this.name = name;
        this.settings = settings;
        this.registry = registry;
        this.metrics = metrics;
        this.clock = clock;
        usedNanos = clock.getAsLong();
        ampleNanos = usedNanos;
        rows = new Rows(settings.slots());
        tokens = new int[Math.max(settings.slots(), Speculation.MOST + 1)];
        past = new int[settings.slots()];
        metrics.watch(this);
    }

    public String name() {
        return name;
    }

    /** The side of the model that deals in text, or null while it was never loaded. */
    public ModelText text() {
        return text;
    }

    /** Tokens of prompt and reply together; 0 while the model was never loaded. */
    public int context() {
        return context;
    }

    public boolean loaded() {
        return loaded;
    }

    int active() {
        return activeRows;
    }

    int pausedRows() {
        return pausedRows;
    }

    int waiting() {
        return line.size();
    }

    long usedNanos() {
        return usedNanos;
    }

    /** False for a while after the model failed to load. */
    public boolean available() {
        return !closed && (loadFailure == null || clock.getAsLong() - loadFailureNanos > RETRY_LOAD_NANOS);
    }

    /** Loads the model unless it is; one of the two is called, on the engine's thread. */
    public void ready(Consumer<ModelText> ready, Consumer<RuntimeException> failed) {
        send(() -> textWaiters.add(new TextWaiter(ready, failed)));
    }

    /** Lets a request wait for a slot whose reply somebody waits for. */
    public Generation submit(GenerationRequest request, GenerationListener listener) {
        return submit(request, listener, false);
    }

    /**
     * Lets a request wait for a slot.
     *
     * @param later whether nobody waits for the reply, so that it begins after those for which somebody does
     * @throws ApiException if too many wait already, or it could not be done in time
     */
    public Generation submit(GenerationRequest request, GenerationListener listener, boolean later) {
        Load load = load();
        if (line.size() >= settings.queue() && activeRows >= settings.slots()) {
            throw overloaded(load, "The queue of the local model '" + name + "' is full.");
        }
        if (request.deadlineNanos() != Long.MAX_VALUE
                && load.firstTokenNanos(request.prompt().length) > request.deadlineNanos() - System.nanoTime()) {
            throw overloaded(load, "The local model '" + name + "' cannot answer before the request's deadline.");
        }
        Generation generation = new Generation(request, listener, this::wake);
        line.announce();
        send(() -> line.add(generation, later));
        return generation;
    }

    private static ApiException overloaded(Load load, String message) {
        long millis = Math.max(1000, TimeUnit.NANOSECONDS.toMillis(load.waitNanos()));
        return ApiException.unavailable("local_overloaded", message + " Try again later or use another model.", millis);
    }

    public Load load() {
        return throughput.load(settings.slots(), activeRows, line.size());
    }

    /** Asks an idle engine to unload; waits for it a moment. */
    boolean unloadIfIdle(long timeoutMillis) {
        java.util.concurrent.CountDownLatch done = new java.util.concurrent.CountDownLatch(1);
        send(() -> {
            if (rows.count() == 0 && line.isEmpty()) {
                unload();
            }
            done.countDown();
        });
        try {
            return done.await(timeoutMillis, TimeUnit.MILLISECONDS) && !loaded;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Fails what is running and waiting, and gives everything back. */
    @Override
    public void close() {
        closed = true;
        metrics.forget(this);
        wake();
    }

    private synchronized void send(Runnable message) {
        if (closed) {
            throw ApiException.unavailable("model_unloaded", "The local model '" + name + "' is shutting down.", 1000);
        }
        inbox.add(message);
        if (!started) {
            started = true;
            HeapThread.start("edgeway-engine-" + name, this::run);
        }
        LockSupport.unpark(thread);
    }

    synchronized void wake() {
        reading.breakOff(closed);
        LockSupport.unpark(thread);
    }

    private synchronized void began() {
        thread = Thread.currentThread();
    }

    private void run() {
        began();
        while (!closed) {
            try {
                if (!round()) {
                    idle();
                }
            } catch (Throwable e) {
                LOG.errorf(e, "The engine of '%s' failed; its requests are failed and the model is unloaded", name);
                failAll(ApiException.internal());
                unload();
            }
        }
        failAll(ApiException.unavailable("model_unloaded", "The local model '" + name + "' is shutting down.", 1000));
        unload();
    }

    /** One turn; answers whether there was anything to do. */
    private boolean round() {
        for (Runnable message = inbox.poll(); message != null; message = inbox.poll()) {
            message.run();
        }
        if ((!line.isEmpty() || !textWaiters.isEmpty()) && !ensureLoaded()) {
            return true;
        }
        if (rows.count() == 0 && line.isEmpty()) {
            return false;
        }
        sweep();
        admit();
        boolean worked = false;
        for (int left = throughput.chunk(rows.prompts(), rows.running() > 0), read; left > 0; left -= read) {
            read = prefill(left, !worked);
            if (read == 0) {
                break;
            }
            worked = true;
            sweep();
        }
        if (rows.running() > 0) {
            int guesses = rows.count() == 1 && line.isEmpty() ? ask(rows.get(0)) : 0;
            if (guesses > 0) {
                check(guesses);
            } else {
                step();
            }
            worked = true;
        }
        activeRows = rows.count();
        usedNanos = clock.getAsLong();
        return worked;
    }

    /** Sleeps until there is news; rows that are paused or out of time are looked after now and then. */
    private void idle() {
        if (rows.count() > 0) {
            LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(20));
            return;
        }
        activeRows = 0;
        if (model != null) {
            model.settle();
        }
        long unused = clock.getAsLong() - usedNanos;
        long unloadNanos = settings.unloadAfter().toNanos();
        if (model != null && unloadNanos > 0 && unused >= unloadNanos) {
            LOG.infof("Unloading '%s' after %s without a request", name, settings.unloadAfter());
            unload();
        }
        if (model != null && model.decoder().holdsRows() && (unused >= RELEASE_NANOS || ample())) {
            model.release();
        }
        if (!inbox.isEmpty() || closed) {
            return;
        }
        long until = Long.MAX_VALUE;
        if (model != null && model.decoder().holdsRows()) {
            until = RELEASE_NANOS - unused;
        }
        if (model != null && unloadNanos > 0) {
            until = Math.min(until, unloadNanos - unused);
        }
        if (until == Long.MAX_VALUE) {
            LockSupport.park(this);
        } else {
            LockSupport.parkNanos(this, Math.max(until, 1));
        }
    }

    /** Looked at by periods, so that one short request between two long ones does not cost the memory of these. */
    private boolean ample() {
        long now = clock.getAsLong();
        if (now - ampleNanos < RELEASE_NANOS) {
            return false;
        }
        ampleNanos = now;
        return model.decoder().holdsAmple();
    }

    private boolean ensureLoaded() {
        if (model == null) {
            if (!available()) {
                failWaiting(loadFailure);
                return false;
            }
            try {
                loadModel();
            } catch (RuntimeException | UnsatisfiedLinkError e) {
                LOG.errorf("The model '%s' could not be loaded: %s", name, e.getMessage());
                unload();
                loadFailure = ApiException.unavailable(
                        "model_failed_to_load", "The local model '" + name + "' could not be loaded.", 15_000);
                loadFailureNanos = clock.getAsLong();
                failWaiting(loadFailure);
                return false;
            }
        }
        for (TextWaiter waiter = textWaiters.poll(); waiter != null; waiter = textWaiters.poll()) {
            waiter.ready().accept(text);
        }
        return true;
    }

    private void loadModel() {
        long start = System.nanoTime();
        ModelDirectory directory = ModelDirectory.open(settings.directory());
        registry.makeRoom(this, directory);
        model = OpenModel.open(directory, settings, verified);
        verified = model.stamp();
        text = model.text();
        context = model.context();
        loaded = true;
        loadFailure = null;
        usedNanos = clock.getAsLong();
        if (settings.guesses(false) && !model.decoder().checks()) {
            LOG.warnf("'%s' takes rows of one length only: speculation is not done for it", name);
        }
        if (Processor.saturates() && directory.marks(directory.graph()).wide()) {
            LOG.warnf(
                    "'%s' has int8 weights, whose products saturate on this processor, which has no VNNI: replies are worse"
                            + " than the model's. Export it as int4 or int7",
                    name);
        }
        LOG.infof("Loaded '%s' from %s in %d ms", name, directory.path(), (System.nanoTime() - start) / 1_000_000);
    }

    private void unload() {
        loaded = false;
        if (model != null) {
            model.close();
            model = null;
        }
    }

    /** Lets rows go whose client left or whose time is up, and moves those that were paused or resumed. */
    private void sweep() {
        long now = System.nanoTime();
        for (int row = rows.count() - 1; row >= 0; row--) {
            Generation generation = rows.get(row);
            if (expired(generation, now)) {
                remove(row);
            } else if (row < rows.running() && generation.paused()) {
                rows.demote(row, model.decoder());
            }
        }
        int paused = 0;
        for (int row = rows.running(); row < rows.count(); row++) {
            if (rows.get(row).prompted() && !rows.get(row).paused()) {
                rows.promote(row, model.decoder());
            } else if (rows.get(row).prompted()) {
                paused++;
            }
        }
        pausedRows = paused;
        if (!line.isEmpty()) {
            line.removeIf(each -> expired(each, now));
        }
    }

    private boolean expired(Generation generation, long now) {
        if (generation.cancelled()) {
            metrics.cancelled();
            return true;
        }
        if (generation.request().deadlineNanos() != Long.MAX_VALUE
                && now - generation.request().deadlineNanos() >= 0) {
            generation.fail(ApiException.timeout(
                    "deadline_exceeded", "The local model did not finish before the request's deadline."));
            return true;
        }
        return false;
    }

    private void admit() {
        // Memory for all that come now, and for the beginning of their replies: each growth copies every row.
        int wanted = Math.min(rows.slots(), rows.count() + line.arrived());
        while (!rows.full() && !line.isEmpty()) {
            Generation generation = line.poll();
            try {
                check(generation.request().prompt());
                generation.admit(text.tokenizer().detokenizer(), model.decoder().checks());
            } catch (ApiException e) {
                generation.fail(e);
                continue;
            } catch (RuntimeException e) {
                LOG.errorf(e, "A request to '%s' could not begin", name);
                generation.fail(ApiException.internal());
                continue;
            }
            int row = rows.add(generation);
            activeRows = rows.count();
            metrics.admitted(generation.admittedNanos() - generation.submittedNanos());
            int[] prompt = generation.request().prompt();
            int reply = Math.min(generation.request().maxTokens(), PrefixCache.BLOCK);
            model.decoder().ensure(wanted, Math.min(context, prompt.length + reply));
            generation.startAt(model.prefixes().restore(generation.request().tenant(), prompt, row));
        }
    }

    /** Attention writes where a prompt's length says, and embeddings are read where its tokens say. */
    private void check(int[] prompt) {
        if (prompt.length == 0) {
            throw ApiException.badRequest("messages", "The messages hold no text.");
        }
        if (prompt.length >= context) {
            throw tooLong(prompt.length, context);
        }
        for (int token : prompt) {
            if (token < 0 || token >= model.decoder().vocabulary()) {
                throw ApiException.badRequest(
                        "messages",
                        "invalid_token",
                        "The prompt has the token " + token + ", but the tokens of the model '" + name + "' are 0 to "
                                + (model.decoder().vocabulary() - 1) + ".");
            }
        }
    }

    static ApiException tooLong(int prompt, int context) {
        return ApiException.badRequest(
                "messages",
                "context_length_exceeded",
                "This model's maximum context length is " + context + " tokens. However, your messages resulted in "
                        + prompt + " tokens. Please reduce the length of the messages.");
    }

    /**
     * Reads about so many tokens of the prompt that has waited longest.
     *
     * @param first whether none was read yet since the last step
     * @return how many, 0 where none waits or a pass is not worth its cost
     */
    private int prefill(int about, boolean first) {
        int row = rows.oldestPrompt();
        if (row < 0) {
            return 0;
        }
        Generation generation = rows.get(row);
        int[] prompt = generation.request().prompt();
        int from = generation.length();
        int rest = prompt.length - from;
        int chunk = Math.clamp(about / PrefixCache.BLOCK * PrefixCache.BLOCK, PrefixCache.BLOCK, Decoder.MAX_CHUNK);
        // A pass has a fixed cost, so what is less than a block goes along, and no prompt is begun for little of it.
        boolean toItsEnd = rest < PrefixCache.BLOCK + (model.decoder().cutsAnywhere() ? chunk : 0);
        if (!toItsEnd && !first && chunk < Decoder.MAX_CHUNK / 2) {
            return 0;
        }
        int to = toItsEnd ? prompt.length : from + Math.min(chunk, rest / PrefixCache.BLOCK * PrefixCache.BLOCK);
        try (OrtSession.RunOptions pass = new OrtSession.RunOptions()) {
            long start = System.nanoTime();
            reading.begin(generation, pass);
            reading.breakOff(closed);
            try {
                model.decoder().prefill(row, prompt, from, to, pass);
            } finally {
                reading.end();
            }
            throughput.prefilled(to - from, System.nanoTime() - start);
            generation.length(to);
            if (to < prompt.length) {
                return to - from;
            }
            draw(generation, 0);
        } catch (OrtException e) {
            if (generation.cancelled() || closed) {
                return to - from;
            }
            LOG.errorf("A prompt of '%s' failed: %s", name, e.getMessage());
            generation.fail(ApiException.internal());
        }
        metrics.prompted(prompt.length, generation.cached(), System.nanoTime() - generation.submittedNanos());
        if (generation.length() == prompt.length) {
            model.prefixes().keep(generation.request().tenant(), prompt, row);
        }
        if (generation.over()) {
            leave(row);
        } else if (!generation.paused()) {
            rows.promote(row, model.decoder());
        }
        return to - from;
    }

    private void step() {
        int batch = rows.running();
        for (int row = 0; row < batch; row++) {
            tokens[row] = rows.get(row).last();
            past[row] = rows.get(row).length();
        }
        long start = System.nanoTime();
        try {
            model.decoder().step(batch, tokens, past);
        } catch (OrtException e) {
            LOG.errorf("A step of '%s' failed: %s", name, e.getMessage());
            for (int row = batch - 1; row >= 0; row--) {
                rows.get(row).fail(ApiException.internal());
                leave(row);
            }
            return;
        }
        for (int row = 0; row < batch; row++) {
            Generation generation = rows.get(row);
            generation.length(generation.length() + 1);
            draw(generation, row);
        }
        long nanos = System.nanoTime() - start;
        throughput.stepped(nanos);
        if (batch == 1) {
            speculation.stepped(nanos);
        }
        metrics.generated(batch);
        for (int row = batch - 1; row >= 0; row--) {
            if (rows.get(row).over()) {
                leave(row);
            }
        }
    }

    private int ask(Generation generation) {
        int room = Math.min(generation.remaining(), context - generation.length()) - 1;
        return model.decoder().checks() ? speculation.ask(generation, room) : 0;
    }

    /** Takes the first row's next token and all guesses in one pass, and draws for as long as they hold. */
    private void check(int guesses) {
        Generation generation = rows.get(0);
        tokens[0] = generation.last();
        System.arraycopy(speculation.guesses(), 0, tokens, 1, guesses);
        long start = System.nanoTime();
        try {
            model.decoder().check(tokens, guesses + 1, generation.length());
        } catch (OrtException e) {
            LOG.errorf("A pass of '%s' failed: %s", name, e.getMessage());
            generation.fail(ApiException.internal());
            leave(0);
            return;
        }
        int held = -1;
        do {
            held++;
            generation.length(generation.length() + 1);
            draw(generation, held);
        } while (held < guesses
                && !generation.over()
                && !generation.cancelled()
                && generation.last() == tokens[held + 1]);
        long nanos = System.nanoTime() - start;
        throughput.stepped(nanos / (held + 1));
        speculation.checked(guesses, held, nanos);
        metrics.generated(held + 1);
        metrics.guessed(guesses, held);
        if (generation.over()) {
            leave(0);
        }
    }

    /** Whatever goes wrong with one reply stays with it. */
    private void draw(Generation generation, int row) {
        try {
            model.draw(generation, row);
        } catch (InvalidLogitsException e) {
            LOG.errorf("'%s' produced numbers that are not finite after %d tokens", name, generation.length());
            generation.fail(new ApiException(
                    500, "server_error", "invalid_model_output", null, "The local model produced invalid numbers."));
        } catch (RuntimeException e) {
            LOG.errorf(e, "A reply of '%s' failed", name);
            generation.fail(ApiException.internal());
        }
    }

    private void leave(int row) {
        throughput.served(System.nanoTime() - rows.get(row).admittedNanos());
        remove(row);
    }

    private void remove(int row) {
        rows.remove(row, model.decoder());
        activeRows = rows.count();
    }

    private void failAll(RuntimeException cause) {
        rows.fail(cause);
        activeRows = 0;
        failWaiting(cause);
    }

    private void failWaiting(RuntimeException cause) {
        for (Runnable message = inbox.poll(); message != null; message = inbox.poll()) {
            message.run();
        }
        for (Generation generation = line.poll(); generation != null; generation = line.poll()) {
            generation.fail(cause);
        }
        for (TextWaiter waiter = textWaiters.poll(); waiter != null; waiter = textWaiters.poll()) {
            waiter.failed().accept(cause);
        }
    }
}
