package io.edgeway.grammar;

/**
 * The stack of an automaton, as a linked list whose equal tails are one object.
 *
 * @param node the {@link Node.Call}, {@link Node.Loop} or {@link Node.Number} that is being gone through
 * @param count how many rounds of a loop are done
 * @param text what a number has so far, else null
 * @param below the rest of the stack, or null
 */
record Frame(Node node, int count, String text, Frame below, int depth) {
    @Override
    public boolean equals(Object other) {
        return other instanceof Frame f
                && node == f.node
                && count == f.count
                && below == f.below
                && (text == null ? f.text == null : text.equals(f.text));
    }

    @Override
    public int hashCode() {
        return ((node.id * 31 + count) * 31 + (text == null ? 0 : text.hashCode())) * 31
                + System.identityHashCode(below);
    }
}
