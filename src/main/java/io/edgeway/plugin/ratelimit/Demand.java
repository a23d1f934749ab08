package io.edgeway.plugin.ratelimit;

import io.edgeway.api.Usage;
import io.edgeway.state.Claim;
import java.util.ArrayList;
import java.util.List;

/** What one exchange asks of the limits that hold for it, by estimate. */
final class Demand {
    private final List<Limit> limits = new ArrayList<>(4);
    private final List<Claim> claims = new ArrayList<>(4);
    private final List<String> subjects = new ArrayList<>(4);
    private final Usage usage;
    private final long money;

    /**
     * @param usage the tokens that it may take, {@link Usage#NONE} if no limit depends on them
     * @param money what they may cost
     */
    Demand(Usage usage, long money) {
        this.usage = usage;
        this.money = money;
    }

    /**
     * @param subject whose counters, as in {@code key=shop-7}
     * @param stem what the names of those counters begin with
     */
    void add(List<Limit> all, String subject, String stem) {
        for (Limit limit : all) {
            limits.add(limit);
            claims.add(limit.claim(stem, limit.measure().units(usage, money)));
            subjects.add(subject);
        }
    }

    /** What is to be settled, claim by claim. */
    long[] used(Usage real, long cost) {
        long[] units = new long[limits.size()];
        for (int i = 0; i < units.length; i++) {
            units[i] = limits.get(i).measure().units(real, cost);
        }
        return units;
    }

    boolean isEmpty() {
        return claims.isEmpty();
    }

    /** The limit of each claim. */
    List<Limit> limits() {
        return limits;
    }

    List<Claim> claims() {
        return claims;
    }

    String subject(int claim) {
        return subjects.get(claim);
    }

    Usage usage() {
        return usage;
    }

    boolean dependsOnTokens() {
        return usage != Usage.NONE;
    }

    long money() {
        return money;
    }
}
