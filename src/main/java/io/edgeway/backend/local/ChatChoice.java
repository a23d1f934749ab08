package io.edgeway.backend.local;

import io.edgeway.pipeline.Confidence;
import java.util.ArrayList;
import java.util.List;

/**
 * One reply of a chat request on its way from the engine's thread to the exchange's event loop. What the engine writes
 * gathers here, and at most one task at a time is on its way to fetch it.
 */
final class ChatChoice implements GenerationListener {
    /** Text that may gather before the row is taken out of the steps: the event loop is busy, or dead. */
    private static final int MAX_GATHERED = 1 << 16;

    private final int index;
    private final ChatExchange exchange;
    private volatile Generation generation;

    // Guarded by this.
    private StringBuilder text = new StringBuilder();
    private List<TokenScore> scores;
    private boolean scheduled;
    private boolean begun;

    // Written by the engine before its last message to the event loop, read there after it.
    private FinishReason reason;
    private int completionTokens;
    private int cached;

    ChatChoice(int index, ChatExchange exchange) {
        this.index = index;
        this.exchange = exchange;
    }

    void generation(Generation generation) {
        this.generation = generation;
    }

    Generation generation() {
        return generation;
    }

    int index() {
        return index;
    }

    @Override
    public void admitted() {
        exchange.onLoop(exchange::admitted);
    }

    @Override
    public void token(String piece, TokenScore score) {
        boolean schedule;
        boolean pause;
        synchronized (this) {
            text.append(piece);
            if (score != null) {
                if (scores == null) {
                    scores = new ArrayList<>();
                }
                scores.add(score);
            }
            schedule = !scheduled && (exchange.streamed() || !begun);
            scheduled |= schedule;
            begun = true;
            pause = exchange.streamed() && text.length() > MAX_GATHERED;
        }
        if (pause) {
            generation.pause();
        }
        if (schedule) {
            exchange.onLoop(this::fetch);
        }
    }

    private void fetch() {
        synchronized (this) {
            scheduled = false;
        }
        exchange.progressed(this);
    }

    /** Takes what has gathered; null where nothing has. */
    synchronized Piece take() {
        if (text.isEmpty() && scores == null) {
            return null;
        }
        Piece piece = new Piece(text.toString(), scores);
        text.setLength(0);
        scores = null;
        return piece;
    }

    record Piece(String text, List<TokenScore> scores) {}

    synchronized String wholeText() {
        return text.toString();
    }

    synchronized List<TokenScore> wholeScores() {
        return scores;
    }

    @Override
    public void confidence(Confidence confidence) {
        if (index == 0) {
            exchange.onLoop(() -> exchange.confidence(confidence));
        }
    }

    @Override
    public void finished(FinishReason why, int tokens, int cachedTokens) {
        reason = why;
        completionTokens = tokens;
        cached = cachedTokens;
        exchange.onLoop(() -> exchange.finished(this));
    }

    @Override
    public void failed(RuntimeException cause) {
        exchange.onLoop(() -> exchange.failed(cause));
    }

    FinishReason reason() {
        return reason;
    }

    int completionTokens() {
        return completionTokens;
    }

    int cached() {
        return cached;
    }
}
