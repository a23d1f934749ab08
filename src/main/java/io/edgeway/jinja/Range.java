package io.edgeway.jinja;

import java.util.AbstractList;
import java.util.RandomAccess;

/** Python's range: an arithmetic progression that stores no elements. */
final class Range extends AbstractList<Object> implements RandomAccess {
    /** Jinja's sandbox refuses more. */
    private static final long MAX_SIZE = 100_000;

    final long start;
    final long stop;
    final long step;
    private final int size;

    Range(long start, long stop, long step) {
        if (step == 0) {
            throw TemplateException.runtime("range() arg 3 must not be zero");
        }
        double span = Math.ceil(((double) stop - start) / step);
        if (span > MAX_SIZE) {
            throw TemplateException.limit("a range may have at most " + MAX_SIZE + " elements");
        }
        this.start = start;
        this.stop = stop;
        this.step = step;
        this.size = (int) Math.max(0, span);
    }

    @Override
    public Object get(int index) {
        return start + index * step;
    }

    @Override
    public int size() {
        return size;
    }
}
