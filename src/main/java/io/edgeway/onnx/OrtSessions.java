package io.edgeway.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.edgeway.memory.PackingRoom;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Opens sessions with the options that suit a shared machine. */
public final class OrtSessions {
    /** Longer than the gap between two operations of a step, far shorter than the one between two requests. */
    private static final String SPIN_MICROS = "200";

    /** The runtime takes memory in pieces twice as large as the last one, so that up to half of it is not used. */
    private static final int ROOM = 2;

    /** For the graph and what is read on the way. */
    private static final long ROOM_BYTES = 24L << 20;

    private OrtSessions() {}

    /** For the start of the process: prepares for sessions that open later, at no cost for those who open none. */
    public static void prepare() {
        PackingRoom.oneHeap();
    }

    /**
     * @param bytes of the model and its weights
     * @param threads threads within one operation; 0 takes half of the cores, at least one
     * @param spin whether these threads burn time for a while after each operation: faster on a machine of its own
     * @param fold whether to compute ahead what depends on weights alone; not for graphs of our own export where that is
     *     only their shape, which saves nothing later and copies them now
     * @param half whether keys and values may be kept in 16 bits, see {@link Opened#halves}
     */
    public static Opened open(Path model, long bytes, int threads, boolean spin, boolean fold, boolean half)
            throws OrtException {
        OrtEnvironment environment = OrtLoader.environment();
        try (PackingRoom room = PackingRoom.of(bytes * ROOM + ROOM_BYTES)) {
            return open(threads, spin, fold, half, options -> environment.createSession(model.toString(), options));
        }
    }

    /** Closes a session and gives its memory back to the system. */
    public static void close(OrtSession session) {
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
        giveBack();
    }

    /** Gives free memory back to the system, as after much of it was freed; takes milliseconds. */
    public static void giveBack() {
        PackingRoom.giveBack();
    }

    /** For a model that is not a file, such as one among the resources. */
    public static OrtSession open(byte[] model, int threads, boolean spin) throws OrtException {
        OrtEnvironment environment = OrtLoader.environment();
        return open(threads, spin, true, false, options -> environment.createSession(model, options))
                .session();
    }

    /** For a model in direct memory, which may be freed when the session is there. */
    public static OrtSession open(ByteBuffer model, int threads, boolean spin) throws OrtException {
        OrtEnvironment environment = OrtLoader.environment();
        return open(threads, spin, true, false, options -> environment.createSession(model, options))
                .session();
    }

    /**
     * A session.
     *
     * @param attends whether its attention is by our kernel, which gives a token the same result in whatever pass
     * @param halves whether that keeps keys and values in 16 bits: tensors of past and present, floats by their type, have
     *     then half as many positions as they hold
     */
    public record Opened(OrtSession session, boolean attends, boolean halves) {}

    private interface Opening {
        OrtSession with(OrtSession.SessionOptions options) throws OrtException;
    }

    private static Opened open(int threads, boolean spin, boolean fold, boolean half, Opening opening)
            throws OrtException {
        String kernels = OrtKernels.library();
        for (int attempt = 0; kernels != null && attempt < 2; attempt++) {
            try (OrtSession.SessionOptions options = options(threads, spin, fold)) {
                if (attempt > 0) {
                    options.addConfigEntry(OrtKernels.PRODUCTS_ONLY, "1");
                } else if (half) {
                    options.addConfigEntry(OrtKernels.HALF, "1");
                }
                // What is said of a failed attempt is the last one's to say.
                options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
                options.registerCustomOpLibrary(kernels);
                if (!fold) {
                    options.addInitializer(OrtKernels.GROUP, OrtKernels.one());
                }
                return new Opened(opening.with(options), attempt == 0, attempt == 0 && half);
            } catch (OrtException e) {
                // Operators of a kind that ours do not know, a processor that they do not: the runtime's own may.
            }
        }
        try (OrtSession.SessionOptions options = options(threads, spin, fold)) {
            return new Opened(opening.with(options), false, false);
        }
    }

    private static OrtSession.SessionOptions options(int threads, boolean spin, boolean fold) throws OrtException {
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(threads(threads));
        options.setInterOpNumThreads(1);
        options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
        options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
        // A plan is kept for each shape that was ever seen, and prompts have as many as lengths.
        options.setMemoryPatternOptimization(false);
        options.addConfigEntry("session.intra_op.allow_spinning", spin ? "1" : "0");
        if (spin) {
            options.addConfigEntry("session.intra_op.spin_duration_us", SPIN_MICROS);
        }
        options.addConfigEntry("session.inter_op.allow_spinning", "0");
        if (!fold) {
            options.addConfigEntry("optimization.disable_specified_optimizers", "ConstantFolding");
        }
        return options;
    }

    public static int threads(int configured) {
        return configured > 0 ? configured : Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    }
}
