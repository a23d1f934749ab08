package io.edgeway.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions that every template can call. */
final class Globals {
    private static final Map<String, Callable> FUNCTIONS = Map.of(
            "range", (render, args) -> range(args),
            "dict", (render, args) -> dict(args),
            "namespace",
                    (render, args) -> {
                        var namespace = new Namespace();
                        dict(args)
                                .forEach((name, value) -> namespace.attributes().put(Repr.str(name), value));
                        return namespace;
                    },
            "cycler", (render, args) -> new Cycler(args.positional()),
            "joiner", (render, args) -> new Joiner(Args.or(args.bind("joiner", 0, "sep")[0], ", ")),
            "raise_exception",
                    (render, args) -> {
                        var message = Repr.str(args.bind("raise_exception", 1, "message")[0]);
                        throw new TemplateException(TemplateException.Kind.RAISED, 0, message);
                    },
            "strftime_now",
                    (render, args) -> Strftime.format(
                            Values.text(args.bind("strftime_now", 1, "format")[0], "the format"), render.clock));

    private Globals() {}

    static Object get(String name) {
        return FUNCTIONS.get(name);
    }

    private static Range range(Args args) {
        if (!args.named().isEmpty()) {
            throw TemplateException.runtime("range takes no keyword arguments");
        }
        var bound = args.bind("range", 1, "start", "stop", "step");
        long first = Values.toLong(bound[0]);
        if (bound[1] == Args.ABSENT) {
            return new Range(0, first, 1);
        }
        return new Range(first, Values.toLong(bound[1]), bound[2] == Args.ABSENT ? 1 : Values.toLong(bound[2]));
    }

    private static Map<Object, Object> dict(Args args) {
        var map = new LinkedHashMap<Object, Object>();
        if (args.positional().size() > 1) {
            throw TemplateException.runtime(
                    "dict expected at most 1 argument, got " + args.positional().size());
        }
        if (args.positional().size() == 1) {
            if (args.positional().getFirst() instanceof Map<?, ?> other) {
                map.putAll(other);
            } else {
                Values.iterator(args.positional().getFirst()).forEachRemaining(pair -> {
                    if (!(pair instanceof List<?> list) || list.size() != 2) {
                        throw TemplateException.runtime("dict needs pairs");
                    }
                    map.put(Values.key(list.get(0)), list.get(1));
                });
            }
        }
        map.putAll(args.named());
        return map;
    }

    /** Steps through its items for ever. */
    static final class Cycler {
        private final List<Object> items;
        private int position;

        Cycler(List<Object> items) {
            if (items.isEmpty()) {
                throw TemplateException.runtime("at least one item has to be provided");
            }
            this.items = items;
        }

        Object attribute(String name) {
            return switch (name) {
                case "current" -> items.get(position);
                case "next" ->
                    (Callable) (render, args) -> {
                        var item = items.get(position);
                        position = (position + 1) % items.size();
                        return item;
                    };
                case "reset" ->
                    (Callable) (render, args) -> {
                        position = 0;
                        return null;
                    };
                default -> null;
            };
        }
    }

    /** Prints nothing the first time and its separator every time after. */
    static final class Joiner implements Callable {
        private final Object separator;
        private boolean used;

        Joiner(Object separator) {
            this.separator = separator;
        }

        @Override
        public Object call(Render render, Args args) {
            var result = used ? separator : "";
            used = true;
            return result;
        }
    }
}
