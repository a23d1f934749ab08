package io.edgeway.backend.local;

import ai.onnxruntime.OrtException;
import io.edgeway.memory.FilePages;
import io.edgeway.memory.JavaHeap;
import io.edgeway.onnx.OrtSessions;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * A model in memory: what runs it, what turns its tokens into text, the prefixes that it knows, and the room in which
 * tokens are drawn. Confined to the engine's thread.
 */
final class OpenModel implements AutoCloseable {
    private final Path folder;
    private final Decoder decoder;
    private final ModelText text;
    private final String stamp;
    private final int context;
    private final PrefixCache prefixes;
    private final float[] logits;
    private final Sampler.Scratch scratch;
    private boolean settled;

    private OpenModel(Path folder, Decoder decoder, ModelText text, String stamp, int context, PrefixCache prefixes) {
        this.folder = folder;
        this.decoder = decoder;
        this.text = text;
        this.stamp = stamp;
        this.context = context;
        this.prefixes = prefixes;
        logits = new float[decoder.vocabulary()];
        scratch = new Sampler.Scratch(decoder.vocabulary());
    }

    /**
     * Opens a model and lets it take one pass, so that one that cannot run fails here and not in a request.
     *
     * @param verified the {@link #stamp} of files whose checksums held, or null
     * @throws ModelException if it is damaged, of no layout that is known, or does not run
     */
    static OpenModel open(ModelDirectory directory, EngineSettings settings, String verified) {
        String stamp = directory.stamp();
        // Files are checked and the tokenizer is read while the runtime packs the weights.
        FutureTask<ModelText> reading = new FutureTask<>(() -> {
            if (!stamp.equals(verified)) {
                directory.verifyIfSmall();
            }
            return ModelText.load(directory);
        });
        Thread.ofPlatform().daemon().name("edgeway-model-reader").start(reading);
        int context = settings.context() > 0 ? Math.min(settings.context(), directory.context()) : directory.context();
        Decoder decoder = null;
        OpenModel model = null;
        try {
            ModelText text;
            try {
                decoder = Decoder.open(directory, settings, context);
            } finally {
                // A checksum says more of a damaged file than what the runtime made of it.
                text = result(reading);
            }
            text.mustFit(decoder.vocabulary());
            PrefixCache prefixes = decoder.prefixes(settings.prefixCacheBytes());
            model = new OpenModel(directory.path(), decoder, text, stamp, context, prefixes);
            model.warmUp();
        } catch (RuntimeException e) {
            if (model != null) {
                model.close();
            } else if (decoder != null) {
                decoder.close();
            }
            throw e;
        }
        return model;
    }

    private static ModelText result(FutureTask<ModelText> reading) {
        try {
            return reading.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new ModelException("the model could not be read: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ModelException("the load was interrupted", e);
        }
    }

    private void warmUp() {
        try {
            decoder.prefill(0, new int[] {0}, 0, 1);
            decoder.logits(0, logits);
            Sampler.likeliest(logits);
        } catch (OrtException | InvalidLogitsException e) {
            throw new ModelException("the model does not run: " + e.getMessage(), e);
        }
    }

    Decoder decoder() {
        return decoder;
    }

    ModelText text() {
        return text;
    }

    /** Tells these files from ones that have changed. */
    String stamp() {
        return stamp;
    }

    /** Tokens of prompt and reply together. */
    int context() {
        return context;
    }

    PrefixCache prefixes() {
        return prefixes;
    }

    /** Gives back, once, what only the opening needed; takes tens of milliseconds, for which no request should wait. */
    void settle() {
        if (!settled) {
            settled = true;
            giveBack();
        }
    }

    /** Gives back what requests have made it grow to; no row may be in use. */
    void release() {
        decoder.release();
        OrtSessions.giveBack();
        giveBack();
    }

    private void giveBack() {
        JavaHeap.giveBack();
        FilePages.giveBack(folder);
    }

    /** Draws a reply's next token from what the last pass said of a row. */
    void draw(Generation generation, int row) {
        decoder.logits(row, logits);
        generation.draw(logits, scratch, text, context);
    }

    @Override
    public void close() {
        prefixes.close();
        decoder.close();
    }
}
