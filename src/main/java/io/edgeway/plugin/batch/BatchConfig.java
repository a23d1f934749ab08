package io.edgeway.plugin.batch;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Options of {@code type: batch}, in the terms of Triton's dynamic batcher. */
@ConfigMapping(prefix = "plugin.batch")
public interface BatchConfig {
    /** The most requests that one model decodes together. */
    @WithDefault("16")
    int maxSize();

    /** Sizes of a group for which nobody need wait any longer, ascending. */
    Optional<List<Integer>> preferredSizes();

    /** How long the oldest request waits for company; 0 lets everybody in as soon as there is room. */
    @WithDefault("0ms")
    Duration maxDelay();

    /** The time to first token to hold, by adapting how many are let in: {@code p95 300ms}. */
    Optional<String> target();

    /** Requests that wait; further ones are passed on at once. */
    @WithDefault("256")
    int maxQueue();

    /** The longest wait; 0 for none but the request's own deadline. */
    @WithDefault("0ms")
    Duration timeout();

    /** What becomes of a request that waited that long. */
    @WithDefault("pass-on")
    TimeoutAction timeoutAction();

    /** The class of a request that names none. */
    @WithDefault("interactive")
    Priority defaultPriority();

    /** Whether callers may name their class with the header x-edgeway-priority. */
    @WithDefault("true")
    boolean header();

    enum Priority {
        INTERACTIVE,
        BATCH
    }

    enum TimeoutAction {
        /** It is answered elsewhere, or refused with 429 where there is nothing else. */
        PASS_ON,
        /** It waits on, behind those of its class that are still in time. */
        DELAY
    }
}
