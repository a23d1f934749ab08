package io.edgeway.state;

/** What a limit allows: an amount per time, an amount at a time, or an amount in all. */
public sealed interface Quota {

    /** The part of the quota that one of several nodes may use by itself. */
    Quota share(int nodes);

    /**
     * An amount per period, after the generic cell rate algorithm: a unit takes its share of the period, and a caller
     * may be ahead of the clock by at most the burst. In any window of length t at most {@code burst + amount * t /
     * period} units are granted.
     */
    final class Rate implements Quota {
        /** How far a settlement may push a caller ahead of the clock; below 2^53, as Redis computes in doubles. */
        public static final long MAX_BACKLOG_NANOS = 90L * 86_400 * 1_000_000_000;

        private final long amount;
        private final long periodNanos;
        private final long burst;
        private final long burstNanos;

        public Rate(long amount, long periodNanos, long burst) {
            if (amount <= 0 || periodNanos <= 0 || burst <= 0) {
                throw new IllegalArgumentException("a rate needs a positive amount, period and burst");
            }
            this.amount = amount;
            this.periodNanos = periodNanos;
            this.burst = burst;
            this.burstNanos = MulDiv.ceil(burst, periodNanos, amount);
            if (burstNanos > MAX_BACKLOG_NANOS) {
                throw new IllegalArgumentException("a rate's burst must refill within 90 days");
            }
        }

        public long amount() {
            return amount;
        }

        public long burst() {
            return burst;
        }

        public long periodNanos() {
            return periodNanos;
        }

        /** The time that the burst takes. */
        public long burstNanos() {
            return burstNanos;
        }

        /** The time that units take, rounded up: rounding never grants more than the limit. */
        public long cost(long units) {
            return units <= 0 ? 0 : Math.min(MulDiv.ceil(units, periodNanos, amount), 2 * MAX_BACKLOG_NANOS);
        }

        /** The units that may be taken at once by a caller that is so far ahead of the clock. */
        public long remaining(long backlogNanos) {
            long left = burstNanos - backlogNanos;
            return left <= 0 ? 0 : Math.min(burst, MulDiv.floor(left, amount, periodNanos));
        }

        @Override
        public Rate share(int nodes) {
            return new Rate(amount, Math.multiplyExact(periodNanos, nodes), Math.max(1, burst / nodes));
        }
    }

    /** An amount at a time, such as exchanges in flight. What is taken is given back when the reservation settles. */
    record Concurrent(long max) implements Quota {
        /** What a store suggests to a caller who was refused: when others will be done is not known. */
        public static final long RETRY_NANOS = 1_000_000_000;

        public Concurrent {
            if (max <= 0) {
                throw new IllegalArgumentException("a number of concurrent exchanges must be positive");
            }
        }

        @Override
        public Concurrent share(int nodes) {
            return new Concurrent(Math.max(1, max / nodes));
        }
    }

    /**
     * An amount in all, counted until a point in time and forgotten after it, such as a budget for a day.
     *
     * @param endsAtMillis milliseconds since the epoch
     */
    record Total(long max, long endsAtMillis) implements Quota {
        public Total {
            if (max < 0) {
                throw new IllegalArgumentException("a total must not be negative");
            }
        }

        @Override
        public Total share(int nodes) {
            return new Total(max / nodes, endsAtMillis);
        }
    }
}
