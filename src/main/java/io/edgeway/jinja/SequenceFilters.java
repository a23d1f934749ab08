package io.edgeway.jinja;

import static io.edgeway.jinja.Args.ABSENT;
import static io.edgeway.jinja.Args.or;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The filters that read sequences and mappings. */
final class SequenceFilters {
    private SequenceFilters() {}

    static void register(Map<String, Filters.Filter> filters) {
        filters.put("length", (render, value, args) -> Values.length(value));
        filters.put("count", (render, value, args) -> Values.length(value));
        filters.put("first", (render, value, args) -> {
            var iterator = Values.iterator(value);
            return iterator.hasNext() ? iterator.next() : new Undefined("no first item, sequence was empty");
        });
        filters.put("last", (render, value, args) -> last(render, value));
        filters.put("list", (render, value, args) -> list(render, value));
        filters.put("items", (render, value, args) -> {
            return Generator.later(() -> {
                if (!(value instanceof Map<?, ?>) && !(value instanceof Undefined)) {
                    throw TemplateException.runtime("can only get item pairs from a mapping");
                }
                return value instanceof Map<?, ?> map ? DictView.pairs(map) : Collections.emptyIterator();
            });
        });
        filters.put("join", (render, value, args) -> {
            var bound = args.bind("join", 0, "d", "attribute");
            var items = Values.iterator(value);
            var attribute = or(bound[1], null);
            var chosen = attribute == null
                    ? items
                    : Generator.map(items, item -> Filters.path(item, attribute))
                            .iterator();
            return StringMethods.join(render, Repr.str(or(bound[0], "")), chosen, true);
        });
        filters.put("reverse", (render, value, args) -> {
            if (value instanceof String s) {
                return Text.slice(s, Text.length(s) - 1, -1, -1);
            }
            var reversed = list(render, value).reversed();
            return new Generator(reversed.iterator());
        });
        filters.put("sort", (render, value, args) -> {
            var bound = args.bind("sort", 0, "reverse", "case_sensitive", "attribute");
            return sort(list(render, value), keys(bound[2], bound[1]), Values.truth(or(bound[0], false)));
        });
        filters.put("dictsort", SequenceFilters::dictSort);
        filters.put("unique", (render, value, args) -> {
            var bound = args.bind("unique", 0, "case_sensitive", "attribute");
            var key = key(bound[1], bound[0]);
            var seen = new java.util.HashSet<>();
            return Generator.filter(
                    Generator.later(() -> Values.iterator(value)).iterator(),
                    item -> seen.add(Values.key(key.apply(item))));
        });
        filters.put("min", (render, value, args) -> extreme(value, args, -1));
        filters.put("max", (render, value, args) -> extreme(value, args, 1));
        filters.put("sum", (render, value, args) -> {
            var bound = args.bind("sum", 0, "attribute", "start");
            var sum = or(bound[1], 0L);
            for (var items = Values.iterator(value); items.hasNext(); ) {
                sum = Arithmetic.apply(render, "+", sum, Filters.path(items.next(), bound[0]));
            }
            return sum;
        });
        filters.put("groupby", SequenceFilters::groupBy);
        filters.put("batch", (render, value, args) -> Generator.later(() -> batch(render, value, args)));
        filters.put("slice", (render, value, args) -> Generator.later(() -> slices(render, value, args)));
        filters.put("map", SequenceFilters::map);
        filters.put("select", (render, value, args) -> select(value, args, false, true));
        filters.put("reject", (render, value, args) -> select(value, args, false, false));
        filters.put("selectattr", (render, value, args) -> select(value, args, true, true));
        filters.put("rejectattr", (render, value, args) -> select(value, args, true, false));
    }

    private static List<Object> list(Render render, Object value) {
        var out = new ArrayList<>();
        for (var items = Values.iterator(value); items.hasNext(); ) {
            render.step();
            out.add(items.next());
        }
        return out;
    }

    private static Object last(Render render, Object value) {
        if (value instanceof Generator) {
            throw TemplateException.runtime("'generator' object is not reversible");
        }
        var items = list(render, value);
        return items.isEmpty() ? new Undefined("no last item, sequence was empty") : items.getLast();
    }

    private static Object map(Render render, Object value, Args args) {
        if (args.positional().isEmpty() && args.named().containsKey("attribute")) {
            var bound = args.bind("map", 0, "attribute", "default");
            var fallback = or(bound[1], null);
            return Generator.map(whenTrue(value), item -> {
                render.step();
                var found = Filters.path(item, bound[0]);
                return found instanceof Undefined && fallback != null ? fallback : found;
            });
        }
        if (args.positional().isEmpty()) {
            throw TemplateException.runtime("map requires a filter argument");
        }
        var name = Repr.str(args.positional().getFirst());
        var filter = Filters.get(name);
        if (filter == null) {
            throw TemplateException.runtime("no filter named '" + name + "'");
        }
        var rest = args.skip(1);
        return Generator.map(whenTrue(value), item -> {
            render.step();
            return filter.apply(render, item, rest);
        });
    }

    private static Object select(Object value, Args args, boolean byAttribute, boolean keep) {
        int offset = byAttribute ? 1 : 0;
        if (args.positional().size() < offset) {
            throw TemplateException.runtime("missing parameter for attribute name");
        }
        var attribute = byAttribute ? args.positional().getFirst() : null;
        if (args.positional().size() == offset) {
            return Generator.filter(whenTrue(value), item -> Values.truth(Filters.path(item, attribute)) == keep);
        }
        var name = Repr.str(args.positional().get(offset));
        var test = Tests.get(name);
        if (test == null) {
            throw TemplateException.runtime("no test named '" + name + "'");
        }
        var rest = args.skip(offset + 1);
        return Generator.filter(whenTrue(value), item -> test.apply(Filters.path(item, attribute), rest) == keep);
    }

    /** The elements of a value that is true, asked for late; None and its like count as empty here. */
    private static Iterator<Object> whenTrue(Object value) {
        return Generator.later(() -> Values.truth(value) ? Values.iterator(value) : Collections.emptyIterator())
                .iterator();
    }

    /** What an item is compared by: an attribute of it, without regard to case unless asked for. */
    private static Function<Object, Object> key(Object attribute, Object caseSensitive) {
        boolean exact = Values.truth(or(caseSensitive, false));
        return item -> {
            var value = Filters.path(item, attribute);
            return !exact && value instanceof String s ? Text.lower(s) : value;
        };
    }

    /** As {@link #key}, for {@code "a,b"} too, which sorts by several attributes. */
    private static Function<Object, Object> keys(Object attribute, Object caseSensitive) {
        if (!(attribute instanceof String text) || text.indexOf(',') < 0) {
            return key(attribute, caseSensitive);
        }
        var parts = new ArrayList<Function<Object, Object>>();
        for (var part : text.split(",")) {
            parts.add(key(part, caseSensitive));
        }
        return item -> {
            var values = new ArrayList<>();
            parts.forEach(part -> values.add(part.apply(item)));
            return values;
        };
    }

    private static List<Object> sort(List<Object> items, Function<Object, Object> key, boolean reverse) {
        Comparator<Object> order = (a, b) -> Values.order(key.apply(a), key.apply(b), "<");
        items.sort(reverse ? order.reversed() : order);
        return items;
    }

    private static Object dictSort(Render render, Object value, Args args) {
        var bound = args.bind("dictsort", 0, "case_sensitive", "by", "reverse");
        var by = or(bound[1], "key");
        if (!by.equals("key") && !by.equals("value")) {
            throw TemplateException.runtime("you can only sort by either \"key\" or \"value\"");
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw value instanceof Undefined u
                    ? u.failure()
                    : TemplateException.runtime("dictsort needs a mapping, not " + Values.typeName(value));
        }
        var pairs = list(render, new Generator(DictView.pairs(map)));
        return sort(pairs, key(by.equals("key") ? 0L : 1L, bound[0]), Values.truth(or(bound[2], false)));
    }

    private static Object extreme(Object value, Args args, int sign) {
        var bound = args.bind(sign < 0 ? "min" : "max", 0, "case_sensitive", "attribute");
        var key = key(bound[1], bound[0]);
        var items = Values.iterator(value);
        if (!items.hasNext()) {
            return new Undefined("no aggregated item, sequence was empty");
        }
        var best = items.next();
        while (items.hasNext()) {
            var item = items.next();
            if (Values.order(key.apply(item), key.apply(best), "<") * sign > 0) {
                best = item;
            }
        }
        return best;
    }

    private static Object groupBy(Render render, Object value, Args args) {
        var bound = args.bind("groupby", 1, "attribute", "default", "case_sensitive");
        var fallback = or(bound[1], null);
        Function<Object, Object> real = item -> {
            var found = Filters.path(item, bound[0]);
            return found instanceof Undefined && fallback != null ? fallback : found;
        };
        boolean exact = Values.truth(or(bound[2], false));
        Function<Object, Object> key = item -> {
            var found = real.apply(item);
            return !exact && found instanceof String s ? Text.lower(s) : found;
        };
        var groups = new ArrayList<>();
        Object current = ABSENT;
        List<Object> members = null;
        for (var item : sort(list(render, value), key, false)) {
            var next = key.apply(item);
            if (current == ABSENT || !Values.equal(current, next)) {
                current = next;
                members = new ArrayList<>();
                groups.add(new Tuple.Group(real.apply(item), members));
            }
            members.add(item);
        }
        return groups;
    }

    private static Iterator<Object> batch(Render render, Object value, Args args) {
        var bound = args.bind("batch", 1, "linecount", "fill_with");
        long size = Values.toLong(bound[0]);
        var fill = or(bound[1], null);
        var batches = new ArrayList<>();
        List<Object> batch = null;
        for (Iterator<Object> items = Values.iterator(value); items.hasNext(); ) {
            render.step();
            if (batch == null || batch.size() == size) {
                batch = new ArrayList<>();
                batches.add(batch);
            }
            batch.add(items.next());
        }
        if (batch != null && fill != null) {
            render.reserve(size);
            while (batch.size() < size) {
                batch.add(fill);
            }
        }
        return batches.iterator();
    }

    private static Iterator<Object> slices(Render render, Object value, Args args) {
        var bound = args.bind("slice", 1, "slices", "fill_with");
        int count = Values.toInt(bound[0]);
        if (count < 1) {
            throw TemplateException.runtime("slice needs a positive number of slices");
        }
        render.reserve(count);
        var items = list(render, value);
        var fill = or(bound[1], null);
        int each = items.size() / count;
        int extra = items.size() % count;
        var slices = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < count; i++) {
            int end = start + each + (i < extra ? 1 : 0);
            var slice = new ArrayList<>(items.subList(start, end));
            if (fill != null && i >= extra) {
                slice.add(fill);
            }
            slices.add(slice);
            start = end;
        }
        return slices.iterator();
    }
}
