package io.edgeway.backend.local;

import io.edgeway.grammar.Constraint;
import io.edgeway.grammar.Constraints;
import io.edgeway.tokens.Tokenizer;
import java.nio.charset.StandardCharsets;

/** Leaves a reply free until it begins a tool call, and holds the call to the tools' schemas. */
final class ToolMask implements TokenMask {
    private final Tokenizer tokenizer;
    private final Constraints call;
    private final StringBuilder tail = new StringBuilder();
    private Constraint held;

    /** @param call what may stand between the mark that begins a call and the end of the one that ends it */
    ToolMask(Tokenizer tokenizer, Constraints call) {
        this.tokenizer = tokenizer;
        this.call = call;
    }

    @Override
    public void apply(float[] logits) {
        if (held != null) {
            held.apply(logits);
        }
    }

    @Override
    public void accept(int token) {
        if (held != null) {
            held.accept(token);
            if (held.complete()) {
                held = null;
                tail.setLength(0);
            }
            return;
        }
        tail.append(new String(tokenizer.bytes(token), StandardCharsets.ISO_8859_1));
        int at = tail.indexOf(ToolCallReader.BEGIN);
        if (at >= 0 && tail.substring(at + ToolCallReader.BEGIN.length()).isBlank()) {
            held = call.begin();
        } else if (tail.length() > ToolCallReader.BEGIN.length()) {
            tail.delete(0, tail.length() - ToolCallReader.BEGIN.length());
        }
    }
}
