package io.edgeway.grammar;

/** One reply that is held to a grammar. Belongs to the thread that samples it. */
public final class Constraint {
    private final Constraints constraints;
    private State state;
    private boolean ended;

    Constraint(Constraints constraints, State start) {
        this.constraints = constraints;
        this.state = start;
    }

    /** Sets the logits of the tokens that may not come next to negative infinity. */
    public void apply(float[] logits) {
        var mask = constraints.mask(state);
        for (int word = 0; word << 6 < logits.length; word++) {
            long allowed = word < mask.length ? mask[word] : 0;
            if (allowed == -1) {
                continue;
            }
            int end = Math.min(logits.length, (word << 6) + 64);
            for (int token = word << 6; token < end; token++, allowed >>>= 1) {
                if ((allowed & 1) == 0) {
                    logits[token] = Float.NEGATIVE_INFINITY;
                }
            }
        }
    }

    /** Whether the token may come next. */
    public boolean allows(int token) {
        var mask = constraints.mask(state);
        return token >= 0 && token >> 6 < mask.length && (mask[token >> 6] >>> token & 1) != 0;
    }

    /** Goes on past a token that was drawn. */
    public void accept(int token) {
        if (constraints.isEnd(token)) {
            ended = true;
        } else {
            state = constraints.advance(state, token);
        }
    }

    /** Whether the text so far is whole, so that the reply may end here. */
    public boolean complete() {
        return state.accepting;
    }

    /** Whether nothing but an end may follow. */
    public boolean finished() {
        return ended || state.places.length == 0;
    }
}
