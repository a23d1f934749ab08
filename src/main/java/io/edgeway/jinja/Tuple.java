package io.edgeway.jinja;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/** Python's tuple: a list that prints in parentheses and equals no list. */
class Tuple extends AbstractList<Object> implements RandomAccess {
    private final List<Object> items;

    Tuple(List<Object> items) {
        this.items = items;
    }

    static Tuple of(Object... items) {
        return new Tuple(java.util.Arrays.asList(items));
    }

    @Override
    public Object get(int index) {
        return items.get(index);
    }

    @Override
    public int size() {
        return items.size();
    }

    /** A group of {@code groupby}, whose two items have names. */
    static final class Group extends Tuple {
        Group(Object grouper, List<Object> list) {
            super(java.util.Arrays.asList(grouper, list));
        }
    }
}
