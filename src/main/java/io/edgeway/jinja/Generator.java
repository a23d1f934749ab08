package io.edgeway.jinja;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** A lazy sequence that can be walked once: the result of {@code map}, {@code select} and their like. */
record Generator(Iterator<Object> iterator) implements Iterable<Object> {

    /** Walks what {@code source} gives, which is asked for only when the first element is. */
    static Generator later(Supplier<Iterator<Object>> source) {
        return new Generator(new Iterator<>() {
            private Iterator<Object> started;

            private Iterator<Object> start() {
                if (started == null) {
                    started = source.get();
                }
                return started;
            }

            @Override
            public boolean hasNext() {
                return start().hasNext();
            }

            @Override
            public Object next() {
                return start().next();
            }
        });
    }

    static Generator map(Iterator<Object> source, Function<Object, Object> function) {
        return new Generator(new Iterator<>() {
            @Override
            public boolean hasNext() {
                return source.hasNext();
            }

            @Override
            public Object next() {
                return function.apply(source.next());
            }
        });
    }

    static Generator filter(Iterator<Object> source, Predicate<Object> predicate) {
        return new Generator(new Iterator<>() {
            private Object ahead;
            private boolean found;

            @Override
            public boolean hasNext() {
                while (!found && source.hasNext()) {
                    ahead = source.next();
                    found = predicate.test(ahead);
                }
                return found;
            }

            @Override
            public Object next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                found = false;
                return ahead;
            }
        });
    }
}
