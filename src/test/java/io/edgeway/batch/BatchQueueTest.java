package io.edgeway.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchQueueTest {
    static final long ANY = Long.MAX_VALUE;

    static BatchQueue<String> queue(int max, List<Integer> preferred, long delay, int bound, int levels) {
        return new BatchQueue<>(new BatchPolicy(max, preferred, delay, bound, levels));
    }

    @Test
    void withoutADelayAnIdleRunnerTakesWhatIsThere() {
        BatchQueue<String> queue = queue(4, List.of(), 0, 10, 1);
        assertEquals(BatchQueue.FOREVER, queue.waitNanos(0, 4));
        queue.offer("a", 0, 0, ANY);
        assertEquals(0, queue.waitNanos(0, 4));
        assertEquals(List.of("a"), queue.take(4));
    }

    @Test
    void theOldestWaitsNoLongerThanTheDelay() {
        BatchQueue<String> queue = queue(4, List.of(), 100, 10, 1);
        queue.offer("a", 0, 0, ANY);
        queue.offer("b", 0, 60, ANY);
        assertEquals(40, queue.waitNanos(60, 4));
        assertEquals(0, queue.waitNanos(100, 4));
        queue.offer("c", 0, 61, ANY);
        queue.offer("d", 0, 62, ANY);
        assertEquals(0, queue.waitNanos(62, 4), "a full run waits for nobody");
        assertEquals(0, queue.waitNanos(62, 2), "nor does one that is as large as it may be now");
    }

    @Test
    void aPreferredSizeGoesAtOnce() {
        BatchQueue<String> queue = queue(8, List.of(2, 4), 100, 10, 1);
        for (String item : List.of("a", "b", "c")) {
            queue.offer(item, 0, 0, ANY);
        }
        assertEquals(0, queue.waitNanos(0, 8));
        assertEquals(List.of("a", "b"), queue.take(8));
        assertEquals(100, queue.waitNanos(0, 8));
    }

    @Test
    void aDeadlineShortensTheWait() {
        BatchQueue<String> queue = queue(4, List.of(), 100, 10, 1);
        queue.offer("a", 0, 0, 50);
        assertEquals(25, queue.waitNanos(0, 4));
        List<String> expired = new ArrayList<>();
        queue.expire(49, expired::add);
        assertTrue(expired.isEmpty());
        queue.expire(50, expired::add);
        assertEquals(List.of("a"), expired);
        assertEquals(0, queue.size());
    }

    @Test
    void higherLevelsGoFirstAndEachInItsOrder() {
        BatchQueue<String> queue = queue(3, List.of(), 0, 10, 2);
        queue.offer("low", 1, 0, ANY);
        queue.offer("a", 0, 1, ANY);
        queue.offer("b", 0, 2, ANY);
        queue.offer("lower", 9, 3, ANY);
        assertEquals(List.of("a", "b", "low"), queue.take(8));
        assertEquals(List.of("lower"), queue.take(8));
    }

    @Test
    void aFullQueueRefuses() {
        BatchQueue<String> queue = queue(2, List.of(), 0, 2, 1);
        assertTrue(queue.offer("a", 0, 0, ANY));
        assertTrue(queue.offer("b", 0, 0, ANY));
        assertFalse(queue.offer("c", 0, 0, ANY));
        assertTrue(queue.remove("a"));
        assertTrue(queue.offer("c", 0, 0, ANY));
        assertEquals(List.of("b", "c"), queue.drain());
    }

    @Test
    void aPolicyThatCannotBeIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new BatchPolicy(0, List.of(), 0, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new BatchPolicy(4, List.of(8), 0, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new BatchPolicy(4, List.of(2, 2), 0, 1, 1));
    }

    @Test
    void theLimitGrowsWithRunsInTimeAndShrinksWithLateOnes() {
        AimdLimit limit = new AimdLimit(16, 100);
        assertEquals(1, limit.get());
        for (int i = 0; i < 9; i++) {
            limit.ran(limit.get(), 50);
        }
        assertEquals(10, limit.get());
        limit.ran(3, 50);
        assertEquals(10, limit.get(), "a run that was not full says nothing about larger ones");
        limit.ran(10, 150);
        assertEquals(9, limit.get());
        for (int i = 0; i < 100; i++) {
            limit.ran(limit.get(), 150);
        }
        assertEquals(1, limit.get());
        assertEquals(16, new AimdLimit(16, 0).get());
    }
}
