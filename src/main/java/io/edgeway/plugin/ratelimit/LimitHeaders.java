package io.edgeway.plugin.ratelimit;

import io.edgeway.state.Quota;
import io.edgeway.state.Reservation;
import io.vertx.core.MultiMap;
import java.util.List;

/** OpenAI's {@code x-ratelimit-*} headers. Of several limits on one measure the tightest is told. */
final class LimitHeaders {
    private static final String PREFIX = "x-ratelimit-";

    private LimitHeaders() {}

    static void write(MultiMap headers, List<Limit> limits, Reservation reservation) {
        write(headers, limits, reservation, Limit.Measure.REQUESTS, "requests");
        write(headers, limits, reservation, Limit.Measure.TOKENS, "tokens");
    }

    private static void write(
            MultiMap headers, List<Limit> limits, Reservation reservation, Limit.Measure measure, String name) {
        Quota.Rate tightest = null;
        long least = Long.MAX_VALUE;
        long backlog = 0;
        for (int i = 0; i < limits.size(); i++) {
            if (limits.get(i) instanceof Limit.PerTime limit && limit.measure() == measure) {
                long remaining = limit.quota().remaining(reservation.level(i));
                if (remaining < least) {
                    least = remaining;
                    tightest = limit.quota();
                    backlog = reservation.level(i);
                }
            }
        }
        if (tightest == null || tighterIsTold(headers.get(PREFIX + "remaining-" + name), least)) {
            return;
        }
        headers.set(PREFIX + "limit-" + name, Long.toString(tightest.amount()));
        headers.set(PREFIX + "remaining-" + name, Long.toString(least));
        headers.set(PREFIX + "reset-" + name, duration(backlog));
    }

    /** Whether another plugin of the chain told a limit that leaves less. */
    private static boolean tighterIsTold(String told, long remaining) {
        return told != null && Long.parseLong(told) <= remaining;
    }

    /** As OpenAI writes them: {@code 20ms}, {@code 1.5s}, {@code 6m0s}, {@code 1h0m0s}; rounded up to milliseconds. */
    static String duration(long nanos) {
        long millis = Math.ceilDiv(nanos, 1_000_000);
        if (millis < 1000) {
            return millis == 0 ? "0s" : millis + "ms";
        }
        StringBuilder out = new StringBuilder(12);
        long seconds = millis / 1000;
        if (seconds >= 3600) {
            out.append(seconds / 3600).append('h');
        }
        if (seconds >= 60) {
            out.append(seconds / 60 % 60).append('m');
        }
        out.append(seconds % 60);
        long fraction = millis % 1000;
        if (fraction != 0) {
            String digits = Long.toString(1000 + fraction).substring(1);
            out.append('.').append(digits.replaceFirst("0+$", ""));
        }
        return out.append('s').toString();
    }
}
