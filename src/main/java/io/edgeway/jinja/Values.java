package io.edgeway.jinja;

import java.math.BigInteger;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Python's rules for truth, equality, order, membership and iteration. */
final class Values {
    private Values() {}

    static boolean truth(Object v) {
        if (v instanceof Boolean b) {
            return b;
        }
        if (v == null || v instanceof Undefined) {
            return false;
        }
        if (v instanceof String s) {
            return !s.isEmpty();
        }
        if (v instanceof Number n) {
            return n.doubleValue() != 0;
        }
        if (v instanceof List<?> list) {
            return !list.isEmpty();
        }
        if (v instanceof Map<?, ?> map) {
            return !map.isEmpty();
        }
        return !(v instanceof DictView view) || !view.map().isEmpty();
    }

    static boolean isInteger(Object v) {
        return v instanceof Long
                || v instanceof Integer
                || v instanceof BigInteger
                || v instanceof Short
                || v instanceof Byte;
    }

    static boolean isReal(Object v) {
        return v instanceof Number && !isInteger(v);
    }

    /** Whether Python counts it as a number, which it does for booleans. */
    static boolean isNumber(Object v) {
        return v instanceof Number || v instanceof Boolean;
    }

    static boolean isWhole(Object v) {
        return isInteger(v) || v instanceof Boolean;
    }

    static long toLong(Object v) {
        return switch (v) {
            case Boolean b -> b ? 1 : 0;
            case BigInteger big -> {
                if (big.bitLength() >= Long.SIZE) {
                    throw TemplateException.runtime("the integer " + big + " is too large");
                }
                yield big.longValue();
            }
            case Number n when isInteger(n) -> n.longValue();
            case null, default ->
                throw v instanceof Undefined u
                        ? u.failure()
                        : TemplateException.runtime("an integer is required, not " + typeName(v));
        };
    }

    static int toInt(Object v) {
        return Math.clamp(toLong(v), Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    static double toDouble(Object v) {
        return v instanceof Boolean b ? (b ? 1 : 0) : ((Number) v).doubleValue();
    }

    static String text(Object v, String what) {
        if (v instanceof String s) {
            return s;
        }
        throw v instanceof Undefined u
                ? u.failure()
                : TemplateException.runtime(what + " must be a string, not " + typeName(v));
    }

    /** The form in which a value is a key of a mapping, so that 1 and 1L are one key. */
    static Object key(Object v) {
        if (v instanceof List<?> && !(v instanceof Tuple) || v instanceof Map) {
            throw TemplateException.runtime("unhashable type: " + typeName(v));
        }
        return v instanceof Number && isInteger(v) && !(v instanceof BigInteger) ? (Object) toLong(v) : v;
    }

    /** Whether a mapping has the key; immutable maps of Java fail when asked for null. */
    static boolean has(Map<?, ?> map, Object key) {
        return (key != null || map instanceof HashMap) && map.containsKey(key);
    }

    static boolean equal(Object a, Object b) {
        if (a == b) {
            return true;
        }
        if (isNumber(a) && isNumber(b)) {
            if (isReal(a) || isReal(b)) {
                return toDouble(a) == toDouble(b);
            }
            return a instanceof BigInteger || b instanceof BigInteger ? big(a).equals(big(b)) : toLong(a) == toLong(b);
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            return sequenceKind(x) == sequenceKind(y) && equal(x, y);
        }
        if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
            if (x.size() != y.size()) {
                return false;
            }
            for (var entry : x.entrySet()) {
                if (!has(y, entry.getKey()) || !equal(entry.getValue(), y.get(entry.getKey()))) {
                    return false;
                }
            }
            return true;
        }
        return a != null && a.equals(b);
    }

    private static boolean equal(List<?> x, List<?> y) {
        if (x.size() != y.size()) {
            return false;
        }
        for (int i = 0; i < x.size(); i++) {
            if (!equal(x.get(i), y.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static int sequenceKind(List<?> list) {
        return list instanceof Tuple ? 1 : list instanceof Range ? 2 : 0;
    }

    static BigInteger big(Object v) {
        return v instanceof BigInteger b ? b : BigInteger.valueOf(toLong(v));
    }

    static boolean compare(String operator, Object a, Object b) {
        return switch (operator) {
            case "==" -> equal(a, b);
            case "!=" -> !equal(a, b);
            case "in" -> contains(b, a);
            case "not in" -> !contains(b, a);
            default -> {
                // NaN compares false with everything, so that an order alone does not answer
                if (isNumber(a) && isNumber(b) && (isReal(a) || isReal(b))) {
                    double x = toDouble(a);
                    double y = toDouble(b);
                    yield switch (operator) {
                        case "<" -> x < y;
                        case "<=" -> x <= y;
                        case ">" -> x > y;
                        default -> x >= y;
                    };
                }
                int order = order(a, b, operator);
                yield switch (operator) {
                    case "<" -> order < 0;
                    case "<=" -> order <= 0;
                    case ">" -> order > 0;
                    default -> order >= 0;
                };
            }
        };
    }

    /** Orders two values as {@code <} does; values that have no order fail. */
    static int order(Object a, Object b, String operator) {
        if (isNumber(a) && isNumber(b)) {
            return isReal(a) || isReal(b) ? Double.compare(toDouble(a), toDouble(b)) : big(a).compareTo(big(b));
        }
        if (a instanceof String x && b instanceof String y) {
            return Text.compare(x, y);
        }
        if (a instanceof List<?> x && b instanceof List<?> y && sequenceKind(x) == sequenceKind(y)) {
            for (int i = 0; i < Math.min(x.size(), y.size()); i++) {
                if (!equal(x.get(i), y.get(i))) {
                    return order(x.get(i), y.get(i), operator);
                }
            }
            return Integer.compare(x.size(), y.size());
        }
        if (a instanceof Undefined u) {
            throw u.failure();
        }
        if (b instanceof Undefined u) {
            throw u.failure();
        }
        throw TemplateException.runtime(
                "'" + operator + "' not supported between " + typeName(a) + " and " + typeName(b));
    }

    static boolean contains(Object container, Object element) {
        if (container instanceof String s) {
            if (element instanceof String part) {
                return s.contains(part);
            }
            throw element instanceof Undefined u
                    ? u.failure()
                    : TemplateException.runtime(
                            "'in <string>' requires string as left operand, not " + typeName(element));
        }
        if (container instanceof Map<?, ?> map) {
            return has(map, key(element));
        }
        if (container instanceof DictView view && view.kind() == DictView.Kind.KEYS) {
            return has(view.map(), key(element));
        }
        if (container == null || isNumber(container)) {
            throw TemplateException.runtime("argument of type " + typeName(container) + " is not iterable");
        }
        for (var iterator = iterator(container); iterator.hasNext(); ) {
            if (equal(iterator.next(), element)) {
                return true;
            }
        }
        return false;
    }

    @SuppressWarnings("unchecked")
    static Iterator<Object> iterator(Object v) {
        if (v instanceof Iterable<?> iterable) {
            return ((Iterable<Object>) iterable).iterator();
        }
        if (v instanceof Map<?, ?> map) {
            return ((Map<Object, Object>) map).keySet().iterator();
        }
        if (v instanceof String s) {
            return s.codePoints().<Object>mapToObj(Character::toString).iterator();
        }
        if (v instanceof Undefined) {
            return Collections.emptyIterator();
        }
        throw TemplateException.runtime(typeName(v) + " is not iterable");
    }

    static boolean isIterable(Object v) {
        return v instanceof Iterable || v instanceof Map || v instanceof String || v instanceof Undefined;
    }

    /** Python's {@code len}, or -1 for what has none. */
    static int sizeOrUnknown(Object v) {
        return switch (v) {
            case String s -> Text.length(s);
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case DictView view -> view.map().size();
            case Undefined u -> 0;
            case null, default -> -1;
        };
    }

    static long length(Object v) {
        int size = sizeOrUnknown(v);
        if (size < 0) {
            throw TemplateException.runtime("object of type " + typeName(v) + " has no len()");
        }
        return size;
    }

    /** Python's name of the type, quoted, as error messages have it. */
    static String typeName(Object v) {
        return switch (v) {
            case null -> "'NoneType'";
            case String s -> "'str'";
            case Boolean b -> "'bool'";
            case Number n -> isInteger(n) ? "'int'" : "'float'";
            case Tuple t -> "'tuple'";
            case Range r -> "'range'";
            case List<?> l -> "'list'";
            case Map<?, ?> m -> "'dict'";
            case DictView d -> "'dict_" + d.kind().name().toLowerCase(java.util.Locale.ROOT) + "'";
            case Generator g -> "'generator'";
            case Undefined u -> "'Undefined'";
            case Namespace n -> "'Namespace'";
            case Macro m -> "'Macro'";
            case Loop l -> "'LoopContext'";
            default -> "'function'";
        };
    }
}
