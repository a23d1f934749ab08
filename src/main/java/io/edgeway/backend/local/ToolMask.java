package io.edgeway.backend.local;

import io.edgeway.grammar.Constraint;
import io.edgeway.grammar.Constraints;
import io.edgeway.tokens.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Leaves a reply free until it begins a tool call, and holds the call to the tools' schemas. */
final class ToolMask implements TokenMask {
    /** What a bare object begins with when it is certain to be a call. */
    private static final String BARE_CALL = "{\"name\":";

    private final Tokenizer tokenizer;
    private final ToolFormat format;
    private final Constraints call;
    private final boolean again;
    private final int mark;
    private final StringBuilder tail = new StringBuilder();
    private Constraint held;
    /** Whether the call has begun for certain, so that it is held and not only followed. */
    private boolean certain;

    private boolean first;

    /**
     * @param call what may stand between the mark that begins a call and the end of the one that ends it
     * @param again whether another call may follow
     * @param must whether the reply is a call from its first token on
     */
    ToolMask(Tokenizer tokenizer, ToolFormat format, Constraints call, boolean again, boolean must) {
        this.tokenizer = tokenizer;
        this.format = format;
        this.call = call;
        this.again = again;
        this.mark = format.special(tokenizer) ? tokenizer.id(format.mark()) : -1;
        first = must && mark >= 0 && !format.bare();
        if (format.bare()) {
            held = call.begin();
            certain = must;
        }
    }

    @Override
    public void apply(float[] logits) {
        if (first) {
            float logit = logits[mark];
            Arrays.fill(logits, Float.NEGATIVE_INFINITY);
            logits[mark] = logit;
        } else if (held != null && certain) {
            held.apply(logits);
        }
    }

    @Override
    public boolean heard(int token) {
        return token == mark;
    }

    @Override
    public void accept(int token) {
        first = false;
        if (held != null) {
            follow(token);
            return;
        }
        if (format.bare()) {
            return;
        }
        tail.append(new String(tokenizer.bytes(token), StandardCharsets.ISO_8859_1));
        String begin = format.begin();
        int at = tail.indexOf(begin);
        if (at >= 0 && tail.substring(at + begin.length()).isBlank()) {
            held = call.begin();
            certain = true;
        } else if (tail.length() > begin.length()) {
            tail.delete(0, tail.length() - begin.length());
        }
    }

    private void follow(int token) {
        if (!certain) {
            if (token == mark) {
                certain = true;
                return;
            }
            if (!held.allows(token)) {
                held = null;
                return;
            }
            tail.append(new String(tokenizer.bytes(token), StandardCharsets.ISO_8859_1));
            certain = tail.indexOf(BARE_CALL) >= 0;
        }
        held.accept(token);
        if (held.complete() && again) {
            held = null;
            tail.setLength(0);
        }
    }
}
