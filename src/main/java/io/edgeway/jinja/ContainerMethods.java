package io.edgeway.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The methods of mappings, lists and tuples that do not change them; the sandbox refuses those that would. */
final class ContainerMethods {
    private ContainerMethods() {}

    static Callable bind(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> view(map, name, DictView.Kind.ITEMS);
            case "keys" -> view(map, name, DictView.Kind.KEYS);
            case "values" -> view(map, name, DictView.Kind.VALUES);
            case "get" ->
                (render, args) -> {
                    var bound = args.bind("get", 1, "key", "default");
                    var key = Values.key(bound[0]);
                    return Values.has(map, key) ? map.get(key) : Args.or(bound[1], null);
                };
            case "copy" ->
                (render, args) -> {
                    render.reserve(map.size());
                    return new LinkedHashMap<Object, Object>(map);
                };
            case "clear", "pop", "popitem", "setdefault", "update" -> refused(name, map);
            default -> null;
        };
    }

    private static Callable view(Map<?, ?> map, String name, DictView.Kind kind) {
        return (render, args) -> {
            args.bind(name, 0);
            return new DictView(kind, map);
        };
    }

    static Callable bind(List<?> list, String name) {
        return switch (name) {
            case "index" ->
                (render, args) -> {
                    var bound = args.bind("index", 1, "value", "start", "stop");
                    long from = bound[1] == Args.ABSENT ? 0 : Values.toLong(bound[1]);
                    long to = bound[2] == Args.ABSENT ? list.size() : Values.toLong(bound[2]);
                    from = Math.max(0, from < 0 ? from + list.size() : from);
                    to = Math.min(list.size(), to < 0 ? to + list.size() : to);
                    for (long i = from; i < to; i++) {
                        if (Values.equal(list.get((int) i), bound[0])) {
                            return i;
                        }
                    }
                    throw TemplateException.runtime(Repr.repr(bound[0]) + " is not in the list");
                };
            case "count" ->
                (render, args) -> {
                    var value = args.bind("count", 1, "value")[0];
                    return list.stream()
                            .filter(item -> Values.equal(item, value))
                            .count();
                };
            case "copy" ->
                list instanceof Tuple
                        ? null
                        : (render, args) -> {
                            render.reserve(list.size());
                            return new ArrayList<Object>(list);
                        };
            case "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort" ->
                list instanceof Tuple ? null : refused(name, list);
            default -> null;
        };
    }

    private static Callable refused(String name, Object target) {
        return (render, args) -> {
            throw TemplateException.runtime("the sandbox does not allow '" + name + "' on " + Values.typeName(target)
                    + ": values are immutable");
        };
    }
}
