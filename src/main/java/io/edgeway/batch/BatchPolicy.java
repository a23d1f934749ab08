package io.edgeway.batch;

import java.util.List;

/**
 * When a batch is made, in the terms of Triton's dynamic batcher.
 *
 * @param maxSize the most items of one run
 * @param preferredSizes sizes for which a run need not wait any longer, ascending; empty means {@code maxSize} alone
 * @param maxDelayNanos how long the oldest item may wait for company; 0 runs what is there whenever a runner is idle
 * @param maxQueue items that may wait before new ones are refused
 * @param levels priority levels, of which 0 goes first
 */
public record BatchPolicy(int maxSize, List<Integer> preferredSizes, long maxDelayNanos, int maxQueue, int levels) {
    public BatchPolicy {
        preferredSizes = List.copyOf(preferredSizes);
        require(maxSize >= 1, "max-size: must be at least 1");
        require(maxDelayNanos >= 0, "max-delay: must not be negative");
        require(maxQueue >= 1, "max-queue: must be at least 1");
        require(levels >= 1, "levels: must be at least 1");
        int before = 0;
        for (int size : preferredSizes) {
            require(size > before && size <= maxSize, "preferred-sizes: must ascend from 1 to max-size");
            before = size;
        }
    }

    public static BatchPolicy of(int maxSize, long maxDelayNanos, int maxQueue) {
        return new BatchPolicy(maxSize, List.of(), maxDelayNanos, maxQueue, 1);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
