package io.edgeway.plugin.router;

import java.util.Locale;

/**
 * Why a model answers: the policy that decided, and its finding for the header. Only the policy is a metric's tag, so
 * that tags stay few.
 */
record Reason(Kind kind, String detail) {
    enum Kind {
        EXPLICIT,
        STAYS,
        RULE,
        CONTEXT,
        ORDER,
        DIFFICULTY,
        CASCADE,
        LOAD,
        HEALTH,
        PRICE,
        BUDGET,
        FALLBACK,
        HEDGE
    }

    static final Reason EXPLICIT = new Reason(Kind.EXPLICIT, null);
    static final Reason ORDER = new Reason(Kind.ORDER, null);

    static Reason of(Kind kind, String detail) {
        return new Reason(kind, detail);
    }

    /** A number for a header: three digits are as much as anybody reads. */
    static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    String tag() {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** As in {@code cascade; entropy=0.310}. */
    @Override
    public String toString() {
        return detail == null ? tag() : tag() + "; " + detail;
    }
}
