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
    final Automaton automaton;
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

    /** Runs the vocabulary from a state; in a string only the tokens that could end it or break it. */
    long[] compute(State from) {
        long[] mask;
        if (automaton.inFreeString(from)) {
            mask = trie.plain.clone();
            walk(trie.special, from, mask);
        } else {
            mask = new long[trie.plain.length];
            walk(trie, from, mask);
        }
        // A vocabulary that lacks the bytes to go on leaves nothing but to stop.
        if (from.accepting || isEmpty(mask)) {
            for (int end : trie.ends) {
                mask[end >> 6] |= 1L << end;
            }
        }
        return mask;
    }

    private void walk(TokenTrie tree, State from, long[] mask) {
        walk[0] = from;
        int entries = tree.label.length;
        for (int entry = 0; entry < entries; ) {
            int depth = tree.depth[entry];
            var state = automaton.advance(walk[depth - 1], tree.label[entry] & 0xff);
            if (state.dead()) {
                entry = tree.past[entry];
                continue;
            }
            walk[depth] = state;
            for (int i = tree.first[entry]; i < tree.first[entry + 1]; i++) {
                int token = tree.tokens[i];
                mask[token >> 6] |= 1L << token;
            }
            entry++;
        }
    }

    private static boolean isEmpty(long[] mask) {
        for (long word : mask) {
            if (word != 0) {
                return false;
            }
        }
        return true;
    }
}
