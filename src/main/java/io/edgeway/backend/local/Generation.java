package io.edgeway.backend.local;

import io.edgeway.pipeline.Confidence;
import io.edgeway.tokens.Detokenizer;
import java.util.Arrays;

/** A reply in the making: a handle for whoever asked for it, and a row of the batch for the engine. */
public final class Generation {
    private final GenerationRequest request;
    private final GenerationListener listener;
    private final Runnable wake;
    private final long submittedNanos = System.nanoTime();
    private volatile boolean cancelled;
    private volatile boolean paused;

    // The rest belongs to the engine's thread.
    private Sampler sampler;
    private Detokenizer detokenizer;
    private StopStrings stops;
    private PromptLookup lookup;
    private float[] entropies;
    private float[] margins;
    private long admittedNanos;
    private int cached;
    private int length;
    private int last;
    private int produced;
    private boolean over;

    Generation(GenerationRequest request, GenerationListener listener, Runnable wake) {
        this.request = request;
        this.listener = listener;
        this.wake = wake;
    }

    /** Stops it within one step; the listener hears nothing more. */
    public void cancel() {
        cancelled = true;
        wake.run();
    }

    /** Takes its row out of the steps until {@link #resume}: its reader is slow. */
    public void pause() {
        paused = true;
    }

    public void resume() {
        if (paused) {
            paused = false;
            wake.run();
        }
    }

    GenerationRequest request() {
        return request;
    }

    boolean cancelled() {
        return cancelled;
    }

    boolean paused() {
        return paused;
    }

    long submittedNanos() {
        return submittedNanos;
    }

    long admittedNanos() {
        return admittedNanos;
    }

    /** How many positions of its row are filled. */
    int length() {
        return length;
    }

    void length(int length) {
        this.length = length;
    }

    /** The token to feed next. */
    int last() {
        return last;
    }

    int produced() {
        return produced;
    }

    boolean over() {
        return over;
    }

    boolean prompted() {
        return length >= request.prompt().length;
    }

    int remainingPrompt() {
        return Math.max(0, request.prompt().length - length);
    }

    /** @param guessed whether the reply's next tokens are to be guessed */
    void admit(Detokenizer detokenizer, boolean guessed) {
        this.detokenizer = detokenizer;
        lookup = guessed ? new PromptLookup(request.prompt()) : null;
        admittedNanos = System.nanoTime();
        sampler = new Sampler(
                request.sampling(),
                request.prompt(),
                request.mask() == null ? null : request.mask().get());
        stops = new StopStrings(request.stops());
        if (request.probeTokens() > 0) {
            entropies = new float[request.probeTokens()];
            margins = new float[request.probeTokens()];
        }
        listener.admitted();
    }

    void startAt(int cachedTokens) {
        cached = cachedTokens;
        length = cachedTokens;
    }

    int cached() {
        return cached;
    }

    /** How many tokens more it may have. */
    int remaining() {
        return request.maxTokens() - produced;
    }

    /** Puts up to {@code most} guesses at its next tokens into {@code target}; answers how many. */
    int guess(int[] target, int most) {
        return lookup == null ? 0 : lookup.guess(target, most);
    }

    /** Draws the next token from logits, which it may change, and tells the listener. */
    void draw(float[] logits, Sampler.Scratch scratch, ModelText text, int context) {
        GenerationRequest asked = request;
        if (entropies != null && produced < entropies.length) {
            entropies[produced] = Distribution.entropy(logits);
            margins[produced] = Distribution.margin(logits);
        }
        float[] own = asked.sampling().logprobs() >= 0 ? logits.clone() : null;
        int token = sampler.draw(logits, scratch);
        produced++;
        last = token;
        if (lookup != null) {
            lookup.add(token);
        }
        if (entropies != null && produced == entropies.length) {
            reportConfidence();
        }
        if (text.ends(token)) {
            finish(FinishReason.STOP);
            return;
        }
        String piece =
                text.tokenizer().isSpecial(token) && !sampler.heard(token) ? "" : stops.next(detokenizer.next(token));
        TokenScore score =
                own == null ? null : TokenScore.of(own, token, asked.sampling().logprobs());
        if (!piece.isEmpty() || score != null) {
            listener.token(piece, score);
        }
        if (stops.found() != null) {
            finish(FinishReason.STOP);
        } else if (produced >= asked.maxTokens() || asked.prompt().length + produced >= context) {
            finish(FinishReason.LENGTH);
        }
    }

    private void finish(FinishReason reason) {
        over = true;
        if (stops.found() == null) {
            String rest = stops.next(detokenizer.finish()) + stops.finish();
            if (!rest.isEmpty()) {
                listener.token(rest, null);
            }
        }
        if (entropies != null && produced < entropies.length) {
            reportConfidence();
        }
        listener.finished(reason, produced, cached);
    }

    /** The stop string that ended it, or null; known once the listener has heard that it finished. */
    String stoppedAt() {
        return stops.found();
    }

    private void reportConfidence() {
        int count = Math.min(produced, entropies.length);
        listener.confidence(new Confidence(Arrays.copyOf(entropies, count), Arrays.copyOf(margins, count)));
    }

    void fail(RuntimeException cause) {
        if (!over) {
            over = true;
            if (!cancelled) {
                listener.failed(cause);
            }
        }
    }
}
