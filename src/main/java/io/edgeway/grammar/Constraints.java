package io.edgeway.grammar;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A grammar bound to a vocabulary, with the masks that replies have needed so far. Shared by all replies that are held
 * to the grammar; safe for use from several threads.
 */
public final class Constraints {
    /** Each mask has a bit for every token. */
    private static final int MAX_MASKS = 512;

    private final TokenTrie trie;
    private final Automaton automaton;
    private final State[] walk;
    private final LinkedHashMap<State, long[]> masks = new LinkedHashMap<>(64, 0.75f, true);

    public Constraints(Grammar grammar, TokenTrie trie) {
        this.trie = trie;
        this.automaton = grammar.automaton(trie.longest);
        this.walk = new State[trie.longest + 1];
    }

    /** Begins a reply. */
    public Constraint begin() {
        return new Constraint(this, automaton.start());
    }

    boolean isEnd(int token) {
        for (int end : trie.ends) {
            if (end == token) {
                return true;
            }
        }
        return false;
    }

    synchronized State advance(State state, int token) {
        for (byte b : trie.bytes(token)) {
            state = automaton.advance(state, b & 0xff);
        }
        return state;
    }

    /** The tokens that may come next, a bit for each. */
    synchronized long[] mask(State state) {
        var like = automaton.like(state);
        var mask = masks.get(like);
        if (mask == null) {
            mask = compute(like);
            if (masks.size() >= MAX_MASKS) {
                Iterator<Map.Entry<State, long[]>> eldest = masks.entrySet().iterator();
                eldest.next();
                eldest.remove();
            }
            masks.put(like, mask);
        }
        return mask;
    }

    private long[] compute(State from) {
        var mask = new long[(trie.vocabulary() + 63) >> 6];
        boolean any = false;
        walk[0] = from;
        int entries = trie.label.length;
        for (int entry = 0; entry < entries; ) {
            int depth = trie.depth[entry];
            var state = automaton.advance(walk[depth - 1], trie.label[entry] & 0xff);
            if (state.dead()) {
                entry = trie.past[entry];
                continue;
            }
            walk[depth] = state;
            for (int i = trie.first[entry]; i < trie.first[entry + 1]; i++) {
                int token = trie.tokens[i];
                mask[token >> 6] |= 1L << token;
                any = true;
            }
            entry++;
        }
        // A vocabulary that lacks the bytes to go on leaves nothing but to stop.
        if (from.accepting || !any) {
            for (int end : trie.ends) {
                if (end < trie.vocabulary()) {
                    mask[end >> 6] |= 1L << end;
                }
            }
        }
        return mask;
    }
}
