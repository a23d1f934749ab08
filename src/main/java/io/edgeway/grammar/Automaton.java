package io.edgeway.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Runs a grammar over bytes.
 *
 * <p>The grammar may leave a choice open until later bytes decide it, so a {@link State} is a set of places. Frames and
 * states are shared when they are equal, and each state keeps the transitions that were taken from it; what has been
 * seen once is an array access. Not safe for use from several threads.
 */
final class Automaton {
    /** Beyond this many, states are no longer shared with those found before. Each holds a table of 1 kB or so. */
    private static final int MAX_STATES = 8192;

    /** More open choices than any sane schema leaves. */
    private static final int MAX_PLACES = 4096;

    private final Map<Frame, Frame> frames = new HashMap<>();
    private final Map<Key, State> states = new HashMap<>();
    private final State dead = new State(new State.Place[0], false);
    private final int reach;
    private final State start;

    private record Key(List<State.Place> places, boolean accepting) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && accepting == key.accepting && places.equals(key.places);
        }

        @Override
        public int hashCode() {
            return places.hashCode() * 2 + (accepting ? 1 : 0);
        }
    }

    /** @param reach the most bytes that are taken between two uses of {@link #like} */
    Automaton(Rule root, int reach) {
        this.reach = reach;
        Productivity.mark(root);
        if (!root.start.productive) {
            throw new GrammarException("", "no value satisfies it");
        }
        var closure = new Closure();
        closure.add(root.start, null);
        start = closure.state();
    }

    State start() {
        return start;
    }

    /** The state after one more byte; {@link State#dead} if no text goes on so. */
    State advance(State state, int b) {
        var next = state.next[b];
        if (next == null) {
            next = step(state, b);
            state.next[b] = next;
        }
        return next;
    }

    private State step(State state, int b) {
        Closure closure = null;
        for (var place : state.places) {
            if (place.node() instanceof Node.Bytes bytes) {
                if (bytes.has(b) && bytes.to.productive) {
                    closure = closure == null ? new Closure() : closure;
                    closure.add(bytes.to, place.stack());
                }
            } else {
                var number = (Node.Number) place.node();
                var text = place.stack().text() + (char) b;
                if (number.range.mayBegin(text)) {
                    closure = closure == null ? new Closure() : closure;
                    closure.number(number, text, place.stack().below());
                }
            }
        }
        return closure == null ? dead : closure.state();
    }

    /**
     * The state that stands for {@code state} as far as the next bytes can tell: counts that cannot come to a bound
     * within reach are as good as one another.
     */
    State like(State state) {
        if (state.like == null) {
            var places = new State.Place[state.places.length];
            boolean same = true;
            for (int i = 0; i < places.length; i++) {
                var place = state.places[i];
                places[i] = new State.Place(place.node(), like(place.stack()));
                same &= places[i].stack() == place.stack();
            }
            state.like = same ? state : shared(places, state.accepting);
            state.like.like = state.like;
        }
        return state.like;
    }

    private Frame like(Frame frame) {
        if (frame == null) {
            return null;
        }
        var below = like(frame.below());
        int count = frame.count();
        if (frame.node() instanceof Node.Loop loop && loop.max != Node.Loop.UNBOUNDED) {
            long headroom = (long) loop.max - reach - 1;
            if (count < headroom) {
                count = count >= loop.min
                        ? (int) headroom
                        : (int) Math.max(count, Math.min(headroom, (long) loop.min - reach - 1));
            }
        } else if (frame.node() instanceof Node.Loop loop && count < loop.min) {
            count = (int) Math.max(count, (long) loop.min - reach - 1);
        }
        return count == frame.count() && below == frame.below()
                ? frame
                : frame(frame.node(), count, frame.text(), below);
    }

    /** Whether, within reach, any characters that need no escape may follow. */
    boolean inFreeString(State state) {
        for (var place : state.places) {
            if (place.stack() != null
                    && place.stack().node() instanceof Node.Loop loop
                    && place.node() == loop.body.anyCharacter
                    && loop.max - place.stack().count() > reach) {
                return true;
            }
        }
        return false;
    }

    private Frame frame(Node node, int count, String text, Frame below) {
        var frame = new Frame(node, count, text, below, below == null ? 1 : below.depth() + 1);
        var known = frames.putIfAbsent(frame, frame);
        return known == null ? frame : known;
    }

    private State shared(State.Place[] places, boolean accepting) {
        if (places.length == 0 && !accepting) {
            return dead;
        }
        Arrays.sort(
                places,
                (a, b) -> a.node().id != b.node().id
                        ? Integer.compare(a.node().id, b.node().id)
                        : Integer.compare(System.identityHashCode(a.stack()), System.identityHashCode(b.stack())));
        var key = new Key(List.of(places), accepting);
        var known = states.get(key);
        if (known != null) {
            return known;
        }
        if (states.size() >= MAX_STATES) {
            states.clear();
            frames.clear();
        }
        var state = new State(places, accepting);
        states.put(key, state);
        return state;
    }

    /** Collects the places that can be reached without taking a byte. */
    private final class Closure {
        private final Set<State.Place> seen = new HashSet<>();
        private final List<State.Place> places = new ArrayList<>();
        private final ArrayDeque<State.Place> open = new ArrayDeque<>();
        private boolean accepting;

        void add(Node node, Frame stack) {
            if (node instanceof Node.Bytes && places.isEmpty()) {
                // The usual case by far: one byte leads to one place.
                places.add(new State.Place(node, stack));
                return;
            }
            seen.addAll(places);
            push(node, stack);
            while (!open.isEmpty()) {
                var place = open.pop();
                go(place.node(), place.stack());
            }
        }

        private void push(Node node, Frame stack) {
            if (!node.productive) {
                return;
            }
            var place = new State.Place(node, stack);
            if (seen.add(place)) {
                if (seen.size() > MAX_PLACES) {
                    throw new GrammarException("", "it leaves too many choices open at once");
                }
                open.push(place);
            }
        }

        private void go(Node node, Frame stack) {
            switch (node) {
                case Node.Bytes bytes -> places.add(new State.Place(bytes, stack));
                case Node.Split split -> split.ways.forEach(way -> push(way, stack));
                case Node.Call call -> push(call.rule.start, frame(call, 0, null, stack));
                case Node.Loop loop -> {
                    if (loop.min == 0) {
                        push(loop.then, stack);
                    }
                    if (loop.max > 0) {
                        push(loop.body.start, frame(loop, 0, null, stack));
                    }
                }
                case Node.Number number -> places.add(new State.Place(number, frame(number, 0, "", stack)));
                case Node.Return r -> {
                    if (stack == null) {
                        accepting = true;
                    } else {
                        back(stack);
                    }
                }
            }
        }

        private void back(Frame frame) {
            if (frame.node() instanceof Node.Call call) {
                push(call.then, frame.below());
                return;
            }
            var loop = (Node.Loop) frame.node();
            int count = frame.count() + 1;
            if (count >= loop.min) {
                push(loop.then, frame.below());
            }
            if (count < loop.max) {
                int kept = loop.max == Node.Loop.UNBOUNDED ? Math.min(count, loop.min) : count;
                push(loop.body.start, frame(loop, kept, null, frame.below()));
            }
        }

        void number(Node.Number number, String text, Frame below) {
            places.add(new State.Place(number, frame(number, 0, text, below)));
            if (number.range.isComplete(text)) {
                add(number.then, below);
            }
        }

        State state() {
            return shared(places.toArray(State.Place[]::new), accepting);
        }
    }
}
