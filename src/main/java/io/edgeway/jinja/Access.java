package io.edgeway.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Attributes, subscripts and slices.
 *
 * <p>Jinja tries {@code x.name} first as an attribute and then as an item, {@code x["name"]} the other way round. So
 * {@code message.items} is the method even if the mapping has such a key.
 */
final class Access {
    private Access() {}

    static Object attribute(Object target, String name) {
        var found = ownAttribute(target, name);
        if (found != null) {
            return found;
        }
        var map = target instanceof Namespace namespace ? namespace.attributes() : target;
        if (map instanceof Map<?, ?> values) {
            var value = values.get(name);
            if (value != null || values.containsKey(name)) {
                return value;
            }
        }
        return missing(target, "attribute", Repr.repr(name));
    }

    static Object item(Object target, Object key) {
        if (target instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (target instanceof Map<?, ?> map
                && !(key instanceof List<?> && !(key instanceof Tuple))
                && !(key instanceof Map)) {
            var normal = Values.key(key);
            if (Values.has(map, normal)) {
                return map.get(normal);
            }
        }
        if (target instanceof List<?> list && Values.isWhole(key)) {
            long i = Values.toLong(key);
            long at = i < 0 ? i + list.size() : i;
            return at >= 0 && at < list.size() ? list.get((int) at) : missing(target, "element", String.valueOf(i));
        }
        if (target instanceof String s && Values.isWhole(key)) {
            long i = Values.toLong(key);
            int size = Text.length(s);
            long at = i < 0 ? i + size : i;
            return at >= 0 && at < size
                    ? Text.slice(s, (int) at, (int) at + 1, 1)
                    : missing(target, "element", String.valueOf(i));
        }
        if (key instanceof String name && !(target instanceof Map)) {
            return attribute(target, name);
        }
        if (key instanceof String name) {
            var found = ownAttribute(target, name);
            if (found != null) {
                return found;
            }
        }
        return missing(target, "attribute", key instanceof Undefined ? "Undefined" : Repr.repr(key));
    }

    /** What the type of the value has under this name, or null. */
    private static Object ownAttribute(Object target, String name) {
        return switch (target) {
            case String s -> StringMethods.bind(s, name);
            case Map<?, ?> map -> ContainerMethods.bind(map, name);
            case Tuple.Group group when name.equals("grouper") -> group.get(0);
            case Tuple.Group group when name.equals("list") -> group.get(1);
            case List<?> list -> ContainerMethods.bind(list, name);
            case Loop loop -> loop.attribute(name);
            case Macro macro -> macro.attribute(name);
            case Globals.Cycler cycler -> cycler.attribute(name);
            case Undefined undefined -> throw undefined.failure();
            case null, default -> null;
        };
    }

    private static Undefined missing(Object target, String what, String name) {
        var type = Values.typeName(target);
        return new Undefined(
                target == null ? "None has no " + what + " " + name : type + " object has no " + what + " " + name);
    }

    static Object slice(Render render, Object target, Object start, Object stop, Object step) {
        if (target instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (!(target instanceof String) && !(target instanceof List)) {
            throw TemplateException.runtime(Values.typeName(target) + " cannot be sliced");
        }
        int size = (int) Values.length(target);
        int by = step == null ? 1 : Values.toInt(step);
        if (by == 0) {
            throw TemplateException.runtime("slice step cannot be zero");
        }
        int low = by > 0 ? 0 : -1;
        int high = by > 0 ? size : size - 1;
        int from = start == null ? (by > 0 ? low : high) : clamp(Values.toLong(start), size, low, high);
        int to = stop == null ? (by > 0 ? high : low) : clamp(Values.toLong(stop), size, low, high);
        render.reserve(by > 0 ? Math.max(0, (long) to - from) : Math.max(0, (long) from - to));
        if (target instanceof String s) {
            return Text.slice(s, from, to, by);
        }
        var list = (List<?>) target;
        var out = new ArrayList<>();
        for (long i = from; by > 0 ? i < to : i > to; i += by) {
            out.add(list.get((int) i));
        }
        return target instanceof Tuple ? new Tuple(out) : out;
    }

    private static int clamp(long index, int size, int low, int high) {
        return Math.clamp(index < 0 ? index + size : index, low, high);
    }
}
