package io.edgeway.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A point of a grammar, and the way on from it.
 *
 * <p>Rules are graphs of nodes that begin somewhere and end in {@link Return}. They refer to each other through
 * {@link Call} and {@link Loop}, which is where a stack comes in.
 */
abstract sealed class Node {
    private static final AtomicInteger IDS = new AtomicInteger();

    /** Gives sets of nodes one order. */
    final int id = IDS.incrementAndGet();

    /** Whether some text leads from here to the end of the rule. */
    boolean productive;

    /** Takes one byte out of a set. */
    static final class Bytes extends Node {
        private final long[] set = new long[4];
        Node to;

        Bytes(Node to) {
            this.to = to;
        }

        Bytes add(int from, int through) {
            for (int b = from; b <= through; b++) {
                set[b >> 6] |= 1L << b;
            }
            return this;
        }

        boolean has(int b) {
            return (set[b >> 6] >>> b & 1) != 0;
        }
    }

    /** Goes on along any of several ways. */
    static final class Split extends Node {
        final List<Node> ways = new ArrayList<>();

        Split(Node... ways) {
            this.ways.addAll(List.of(ways));
        }
    }

    /** Goes through another rule. */
    static final class Call extends Node {
        final Rule rule;
        final Node then;

        Call(Rule rule, Node then) {
            this.rule = rule;
            this.then = then;
        }
    }

    /** Goes through another rule a number of times; each time must take at least one byte. */
    static final class Loop extends Node {
        static final int UNBOUNDED = Integer.MAX_VALUE;

        final int min;
        final int max;
        final Rule body;
        final Node then;

        Loop(int min, int max, Rule body, Node then) {
            this.min = min;
            this.max = max;
            this.body = body;
            this.then = then;
        }
    }

    /** Takes a number within bounds. */
    static final class Number extends Node {
        final NumberRange range;
        final Node then;

        Number(NumberRange range, Node then) {
            this.range = range;
            this.then = then;
        }
    }

    /** The end of the rule. */
    static final class Return extends Node {}
}
