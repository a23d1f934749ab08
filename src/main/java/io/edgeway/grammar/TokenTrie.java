package io.edgeway.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A vocabulary as a tree of bytes, in the order of a walk through it: common beginnings are tried once.
 *
 * <p>Entry {@code i} is a node; its first child, if it has one, is {@code i + 1}, and {@code past[i]} is the first
 * entry that is not below it.
 */
public final class TokenTrie {
    final byte[] label;
    final int[] past;
    final short[] depth;
    private final int[] parent;

    /** Where the tokens of each entry begin in {@link #tokens}; one more at the end. */
    final int[] first;

    final int[] tokens;
    /** The entry of each token, or -1. */
    private final int[] entry;

    final int longest;
    final int[] ends;

    /** The tokens that may stand in a JSON string as they are, a bit for each. */
    final long[] plain;

    /** The tree of the others. */
    final TokenTrie special;

    private TokenTrie(
            int entries, int vocabulary, int count, int longest, int[] ends, long[] plain, TokenTrie special) {
        this.label = new byte[entries];
        this.past = new int[entries];
        this.depth = new short[entries];
        this.parent = new int[entries];
        this.first = new int[entries + 1];
        this.tokens = new int[count];
        this.entry = new int[vocabulary];
        Arrays.fill(entry, -1);
        this.longest = longest;
        this.ends = ends;
        this.plain = plain;
        this.special = special;
    }

    /**
     * Builds the tree.
     *
     * @param tokens the bytes of each token by id; null or empty for those that may never stand in constrained text,
     *     such as special tokens
     * @param ends the tokens that end a reply
     */
    public static TokenTrie of(byte[][] tokens, int... ends) {
        var plain = new long[(tokens.length + 63) >> 6];
        var all = new ArrayList<Integer>();
        var special = new ArrayList<Integer>();
        for (int id = 0; id < tokens.length; id++) {
            if (tokens[id] == null || tokens[id].length == 0 || tokens[id].length > Short.MAX_VALUE) {
                continue;
            }
            all.add(id);
            if (Characters.PLAIN.holdsAll(tokens[id])) {
                plain[id >> 6] |= 1L << id;
            } else {
                special.add(id);
            }
        }
        for (int end : ends) {
            if (end < 0 || end >= tokens.length) {
                throw new IllegalArgumentException("the end token " + end + " is not in the vocabulary");
            }
        }
        return of(tokens, all, ends.clone(), plain, of(tokens, special, new int[0], null, null));
    }

    private static TokenTrie of(byte[][] tokens, List<Integer> chosen, int[] ends, long[] plain, TokenTrie special) {
        chosen.sort((a, b) -> Arrays.compareUnsigned(tokens[a], tokens[b]));
        int entries = 0;
        int longest = 1;
        byte[] before = {};
        for (int id : chosen) {
            entries += tokens[id].length - common(before, tokens[id]);
            longest = Math.max(longest, tokens[id].length);
            before = tokens[id];
        }
        var trie = new TokenTrie(entries, tokens.length, chosen.size(), longest, ends, plain, special);
        trie.fill(tokens, chosen);
        return trie;
    }

    private void fill(byte[][] vocabulary, List<Integer> order) {
        var open = new int[longest + 1];
        open[0] = -1;
        int next = 0;
        int filled = 0;
        byte[] before = {};
        for (int id : order) {
            var token = vocabulary[id];
            int shared = common(before, token);
            for (int d = before.length; d > shared; d--) {
                past[open[d]] = next;
            }
            for (int d = shared + 1; d <= token.length; d++) {
                label[next] = token[d - 1];
                depth[next] = (short) d;
                parent[next] = open[d - 1];
                first[next] = filled;
                open[d] = next++;
            }
            entry[id] = open[token.length];
            tokens[filled++] = id;
            before = token;
        }
        for (int d = before.length; d > 0; d--) {
            past[open[d]] = next;
        }
        first[next] = filled;
    }

    int vocabulary() {
        return entry.length;
    }

    /** The bytes of a token; none for one that is not in the tree. */
    byte[] bytes(int token) {
        int at = token >= 0 && token < entry.length ? entry[token] : -1;
        var bytes = new byte[at < 0 ? 0 : depth[at]];
        for (int i = bytes.length - 1; i >= 0; i--) {
            bytes[i] = label[at];
            at = parent[at];
        }
        return bytes;
    }

    private static int common(byte[] a, byte[] b) {
        int at = Arrays.mismatch(a, b);
        return at < 0 ? a.length : at;
    }
}
