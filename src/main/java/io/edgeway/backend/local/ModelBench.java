package io.edgeway.backend.local;

import ai.onnxruntime.OrtException;
import io.edgeway.onnx.OrtLoader;
import java.util.Arrays;
import java.util.Random;

/** Measures the forward pass of a model on this machine, without sampling and without a server around it. */
public final class ModelBench implements AutoCloseable {
    private final Decoder decoder;
    private final long loadNanos;
    private final int[] noise;
    /** How many of the first rows hold so many tokens. */
    private int filledRows;

    private int filledTokens;

    public ModelBench(EngineSettings settings) {
        ModelDirectory model = ModelDirectory.open(settings.directory());
        // Once a process: no part of what a model takes to open.
        OrtLoader.environment();
        long start = System.nanoTime();
        decoder = Decoder.open(model, settings, model.context());
        loadNanos = System.nanoTime() - start;
        noise = new Random(7).ints(model.context(), 0, decoder.vocabulary()).toArray();
    }

    public double loadMillis() {
        return loadNanos / 1e6;
    }

    /** The median time of reading a prompt of so many tokens, in milliseconds. */
    public double prefill(int tokens, int rounds) {
        filledRows = 0;
        return median(rounds, () -> read(0, tokens));
    }

    private void read(int row, int tokens) throws OrtException {
        for (int at = 0; at < tokens; at += Decoder.MAX_CHUNK) {
            decoder.prefill(row, noise, at, Math.min(tokens, at + Decoder.MAX_CHUNK));
        }
    }

    /** The median time of one step of so many rows that hold {@code past} tokens each, in milliseconds. */
    public double step(int rows, int past, int rounds) {
        decoder.ensure(rows, past + 1);
        int[] tokens = Arrays.copyOf(noise, rows);
        int[] lengths = new int[rows];
        Arrays.fill(lengths, past);
        try {
            fill(rows, past);
        } catch (OrtException e) {
            throw failed(e);
        }
        return median(rounds, () -> decoder.step(rows, tokens, lengths));
    }

    /** What was never written is not in memory, and costs a step less than what was. */
    private void fill(int rows, int tokens) throws OrtException {
        if (filledTokens != tokens) {
            filledTokens = tokens;
            filledRows = 0;
        }
        for (; filledRows < rows; filledRows++) {
            read(filledRows, tokens);
        }
    }

    private interface Pass {
        void run() throws OrtException;
    }

    private static double median(int rounds, Pass pass) {
        try {
            pass.run();
            double[] millis = new double[rounds];
            for (int i = 0; i < rounds; i++) {
                long start = System.nanoTime();
                pass.run();
                millis[i] = (System.nanoTime() - start) / 1e6;
            }
            Arrays.sort(millis);
            return millis[rounds / 2];
        } catch (OrtException e) {
            throw failed(e);
        }
    }

    private static ModelException failed(OrtException e) {
        return new ModelException("the model does not run: " + e.getMessage(), e);
    }

    @Override
    public void close() {
        decoder.close();
    }
}
