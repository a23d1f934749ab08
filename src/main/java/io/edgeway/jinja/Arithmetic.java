package io.edgeway.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Python's arithmetic operators on numbers, text and lists. */
final class Arithmetic {
    /** The most bits that an integer may grow to by multiplication and powers. */
    private static final int MAX_BITS = 4096;

    private Arithmetic() {}

    static Object sign(Object v, boolean plus) {
        if (Values.isWhole(v)) {
            return plus ? integer(Values.big(v)) : integer(Values.big(v).negate());
        }
        if (v instanceof Number n) {
            return plus ? n.doubleValue() : -n.doubleValue();
        }
        throw v instanceof Undefined u
                ? u.failure()
                : TemplateException.runtime(
                        "bad operand type for unary " + (plus ? '+' : '-') + ": " + Values.typeName(v));
    }

    static Object apply(Render render, String operator, Object a, Object b) {
        if (Values.isNumber(a) && Values.isNumber(b)) {
            return Values.isWhole(a) && Values.isWhole(b)
                    ? whole(operator, a, b)
                    : real(operator, Values.toDouble(a), Values.toDouble(b));
        }
        if (a instanceof Undefined u) {
            throw u.failure();
        }
        if (b instanceof Undefined u && !(operator.equals("%") && a instanceof String)) {
            throw u.failure();
        }
        if (operator.equals("+")) {
            if (a instanceof String x && b instanceof String y) {
                render.reserve((long) x.length() + y.length());
                return x.concat(y);
            }
            if (a instanceof List<?> x
                    && b instanceof List<?> y
                    && x instanceof Tuple == y instanceof Tuple
                    && !(x instanceof Range)
                    && !(y instanceof Range)) {
                render.reserve((long) x.size() + y.size());
                var sum = new ArrayList<Object>(x);
                sum.addAll(y);
                return x instanceof Tuple ? new Tuple(sum) : sum;
            }
            if (a instanceof String) {
                throw TemplateException.runtime("can only concatenate str (not " + Values.typeName(b) + ") to str");
            }
        }
        if (operator.equals("*") && (Values.isWhole(a) || Values.isWhole(b))) {
            var repeated = Values.isWhole(a) ? repeat(render, b, a) : repeat(render, a, b);
            if (repeated != null) {
                return repeated;
            }
        }
        if (operator.equals("%") && a instanceof String format) {
            return Format.percent(render, format, b);
        }
        throw TemplateException.runtime(
                "unsupported operand types for " + operator + ": " + Values.typeName(a) + " and " + Values.typeName(b));
    }

    /** The {@code %} of numbers. */
    static Object modulo(Object a, Object b) {
        if (!Values.isNumber(a) || !Values.isNumber(b)) {
            throw a instanceof Undefined u
                    ? u.failure()
                    : TemplateException.runtime(
                            "a number is required, not " + Values.typeName(Values.isNumber(a) ? b : a));
        }
        return Values.isWhole(a) && Values.isWhole(b)
                ? whole("%", a, b)
                : real("%", Values.toDouble(a), Values.toDouble(b));
    }

    private static Object repeat(Render render, Object sequence, Object times) {
        long n = Math.max(0, Values.toLong(times));
        if (sequence instanceof String s) {
            render.reserve(s.isEmpty() ? 0 : saturated(n, s.length()));
            return s.isEmpty() ? s : s.repeat((int) n);
        }
        if (sequence instanceof List<?> list && !(list instanceof Range)) {
            render.reserve(saturated(n, list.size()));
            var out = new ArrayList<>();
            for (long i = 0; i < n && !list.isEmpty(); i++) {
                out.addAll(list);
            }
            return list instanceof Tuple ? new Tuple(out) : out;
        }
        return null;
    }

    private static long saturated(long a, long b) {
        return Math.multiplyHigh(a, b) != 0 || a * b < 0 ? Long.MAX_VALUE : a * b;
    }

    private static Object whole(String operator, Object a, Object b) {
        var x = Values.big(a);
        var y = Values.big(b);
        return switch (operator) {
            case "+" -> integer(x.add(y));
            case "-" -> integer(x.subtract(y));
            case "*" -> integer(x.multiply(y));
            case "/" -> {
                notZero(y.signum() == 0);
                yield x.bitLength() < 53 && y.bitLength() < 53
                        ? x.doubleValue() / y.doubleValue()
                        : new java.math.BigDecimal(x)
                                .divide(new java.math.BigDecimal(y), java.math.MathContext.DECIMAL128)
                                .doubleValue();
            }
            case "//" -> integer(floorDivide(x, y)[0]);
            case "%" -> integer(floorDivide(x, y)[1]);
            default -> {
                if (y.signum() < 0) {
                    yield real(operator, x.doubleValue(), y.doubleValue());
                }
                if (y.bitLength() > 31 || (long) x.bitLength() * y.intValue() > MAX_BITS && x.bitLength() > 1) {
                    throw TemplateException.limit("the power grows beyond " + MAX_BITS + " bits");
                }
                yield integer(x.pow(y.intValue()));
            }
        };
    }

    private static BigInteger[] floorDivide(BigInteger x, BigInteger y) {
        notZero(y.signum() == 0);
        var result = x.divideAndRemainder(y);
        if (result[1].signum() != 0 && result[1].signum() != y.signum()) {
            result[0] = result[0].subtract(BigInteger.ONE);
            result[1] = result[1].add(y);
        }
        return result;
    }

    private static Object real(String operator, double x, double y) {
        return switch (operator) {
            case "+" -> x + y;
            case "-" -> x - y;
            case "*" -> x * y;
            case "/" -> {
                notZero(y == 0);
                yield x / y;
            }
            case "//" -> {
                notZero(y == 0);
                yield Math.floor(x / y);
            }
            case "%" -> {
                notZero(y == 0);
                double r = x % y;
                yield r != 0 && r < 0 != y < 0 ? r + y : r == 0 ? Math.copySign(0, y) : r;
            }
            default -> {
                notZero(x == 0 && y < 0);
                double power = Math.pow(x, y);
                if (Double.isInfinite(power) && !Double.isInfinite(x) && !Double.isInfinite(y)) {
                    throw TemplateException.runtime("numerical result out of range");
                }
                yield power;
            }
        };
    }

    private static void notZero(boolean zero) {
        if (zero) {
            throw TemplateException.runtime("division by zero");
        }
    }

    static Object integer(BigInteger value) {
        if (value.bitLength() < Long.SIZE) {
            return value.longValue();
        }
        if (value.bitLength() > MAX_BITS) {
            throw TemplateException.limit("an integer grows beyond " + MAX_BITS + " bits");
        }
        return value;
    }
}
