package io.edgeway.grammar;

/** Where an automaton stands: every place that the text so far may have led to. */
final class State {
    /** One such place: a node that takes a byte, and the stack above which it stands. */
    record Place(Node node, Frame stack) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Place p && node == p.node && stack == p.stack;
        }

        @Override
        public int hashCode() {
            return node.id * 31 + System.identityHashCode(stack);
        }
    }

    final Place[] places;

    /** Whether the text may end here. */
    final boolean accepting;

    /** The transitions found so far. */
    final State[] next = new State[256];

    /** The state that stands for all that no single token can tell from this one, once it has been asked for. */
    State like;

    State(Place[] places, boolean accepting) {
        this.places = places;
        this.accepting = accepting;
    }

    boolean dead() {
        return places.length == 0 && !accepting;
    }
}
