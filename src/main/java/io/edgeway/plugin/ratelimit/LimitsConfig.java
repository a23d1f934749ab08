package io.edgeway.plugin.ratelimit;

import io.edgeway.config.Percent;
import io.edgeway.config.Rate;
import io.smallrye.config.WithDefault;
import java.util.List;
import java.util.Optional;

/** Limits of one scope, as a group of options. */
public interface LimitsConfig {
    /** Whose counters; several make one counter for each combination. */
    @WithDefault("key")
    List<Scope> per();

    Optional<List<Rate>> requests();

    /** Of prompt and reply together. */
    Optional<List<Rate>> tokens();

    /** Money per time, as in {@code 5/day}. */
    Optional<List<String>> spend();

    /** Exchanges in flight at the same time. */
    Optional<Long> concurrent();

    /** The part of each amount per time that may be taken at once. */
    @WithDefault("100%")
    Percent burst();

    Budget budget();

    /** Money by the calendar. */
    interface Budget {
        Optional<String> day();

        Optional<String> month();

        /** The share from which replies carry a warning. */
        @WithDefault("80%")
        Percent warnAt();

        /** Refuse what exceeds the budget, or only warn. */
        @WithDefault("true")
        boolean hard();

        /** Where a day begins. */
        @WithDefault("UTC")
        String zone();
    }
}
