package io.edgeway.backend.local;

import io.edgeway.pipeline.Load;
import java.util.concurrent.TimeUnit;

/** How fast an engine has been of late. Written by the engine's thread, read by any. */
final class Throughput {
    private static final double WEIGHT = 0.2;

    /** How long prompts may hold up newcomers, and rows between two of their tokens where several prompts wait. */
    private static final double PAUSE_SECONDS = 0.2;

    /** Blocks to read of each prompt that waits: a pass has a fixed cost, which one block does not repay. */
    private static final int BLOCKS = 2;

    private volatile double prefillPerSecond;
    private volatile double stepSeconds;
    private volatile double serviceSeconds;

    void prefilled(int tokens, long nanos) {
        // Short prompts say more about the fixed cost of a pass than about the speed of reading.
        if (tokens >= 16 || prefillPerSecond == 0) {
            prefillPerSecond = average(prefillPerSecond, tokens * 1e9 / Math.max(nanos, 1));
        }
    }

    void stepped(long nanos) {
        stepSeconds = average(stepSeconds, nanos / 1e9);
    }

    void served(long nanos) {
        serviceSeconds = average(serviceSeconds, nanos / 1e9);
    }

    private static double average(double old, double value) {
        return old == 0 ? value : old + WEIGHT * (value - old);
    }

    /**
     * How many tokens of prompts to read before the next step, whole blocks of the prefix cache: two for each prompt that
     * waits, as far as that is no long pause. With two for all of them, requests that come together would be read while
     * steps are nearly empty, and end one by one.
     *
     * @param prompts how many wait to be read
     * @param steps whether rows wait for a step meanwhile
     */
    int chunk(int prompts, boolean steps) {
        int bearable = Math.max(1, (int) (prefillPerSecond * PAUSE_SECONDS / PrefixCache.BLOCK));
        return PrefixCache.BLOCK
                * Math.min(bearable, steps ? BLOCKS * Math.max(prompts, 1) : Integer.MAX_VALUE / PrefixCache.BLOCK);
    }

    Load load(int slots, int active, int waiting) {
        double wait = active < slots ? 0 : (waiting + 1) * serviceSeconds / slots;
        return new Load(
                slots,
                active,
                waiting,
                (long) (wait * TimeUnit.SECONDS.toNanos(1)),
                prefillPerSecond,
                stepSeconds > 0 ? 1 / stepSeconds : 0);
    }
}
