package io.edgeway.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Opens sessions with the options that suit a shared machine. */
public final class OrtSessions {
    /** Longer than the gap between two operations of a step, far shorter than the one between two requests. */
    private static final String SPIN_MICROS = "200";

    private OrtSessions() {}

    /**
     * @param threads threads within one operation; 0 takes half of the cores, at least one
     * @param spin whether these threads burn time for a while after each operation: faster on a machine of its own
     */
    public static OrtSession open(Path model, int threads, boolean spin) throws OrtException {
        try (OrtSession.SessionOptions options = options(threads, spin)) {
            return OrtLoader.environment().createSession(model.toString(), options);
        }
    }

    /** For a model that is not a file, such as one among the resources. */
    public static OrtSession open(byte[] model, int threads, boolean spin) throws OrtException {
        try (OrtSession.SessionOptions options = options(threads, spin)) {
            return OrtLoader.environment().createSession(model, options);
        }
    }

    /** For a model in direct memory, which may be freed when the session is there. */
    public static OrtSession open(ByteBuffer model, int threads, boolean spin) throws OrtException {
        try (OrtSession.SessionOptions options = options(threads, spin)) {
            return OrtLoader.environment().createSession(model, options);
        }
    }

    private static OrtSession.SessionOptions options(int threads, boolean spin) throws OrtException {
        OrtLoader.environment();
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(threads(threads));
        options.setInterOpNumThreads(1);
        options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
        options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
        options.addConfigEntry("session.intra_op.allow_spinning", spin ? "1" : "0");
        if (spin) {
            options.addConfigEntry("session.intra_op.spin_duration_us", SPIN_MICROS);
        }
        options.addConfigEntry("session.inter_op.allow_spinning", "0");
        return options;
    }

    public static int threads(int configured) {
        return configured > 0 ? configured : Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    }
}
