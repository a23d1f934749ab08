package io.edgeway.backend.local;

import io.edgeway.pipeline.Confidence;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * One reply of a chat request on its way from the engine's thread to the exchange's event loop. What the engine writes
 * gathers here, and at most one task at a time is on its way to fetch it.
 */
final class ChatChoice implements GenerationListener {
    /** Text that may gather before the row is taken out of the steps: the event loop is busy, or dead. */
    private static final int MAX_GATHERED = 1 << 16;

    private final int index;
    private final ChatExchange exchange;
    private final ToolCallReader calls;
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

    /** @param calls reads tool calls out of the text, or null where none are asked for */
    ChatChoice(int index, ChatExchange exchange, ToolCallReader calls) {
        this.calls = calls;
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

    /**
     * Takes what has gathered; null where nothing has.
     *
     * @param last whether nothing more will come
     */
    synchronized Piece take(boolean last) {
        String raw = text.toString();
        List<TokenScore> taken = scores;
        text.setLength(0);
        scores = null;
        if (calls == null) {
            return raw.isEmpty() && taken == null ? null : new Piece(raw, taken, List.of());
        }
        ToolCallReader.Found found = calls.next(raw);
        String clear = found.text();
        List<ToolCallReader.Call> made = found.calls();
        if (last) {
            ToolCallReader.Found rest = calls.finish();
            clear += rest.text();
            made = Stream.concat(made.stream(), rest.calls().stream()).toList();
        }
        return clear.isEmpty() && taken == null && made.isEmpty() ? null : new Piece(clear, taken, made);
    }

    record Piece(String text, List<TokenScore> scores, List<ToolCallReader.Call> calls) {}

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

    /** Known in full once the last piece was taken. */
    FinishReason reason() {
        return calls != null && calls.calls() > 0 && reason == FinishReason.STOP ? FinishReason.TOOL_CALLS : reason;
    }

    /** The stop string that ended it, or null. */
    String stoppedAt() {
        return generation.stoppedAt();
    }

    int completionTokens() {
        return completionTokens;
    }

    int cached() {
        return cached;
    }
}
