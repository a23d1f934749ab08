package io.edgeway.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class BatcherTest {
    static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @Test
    void whatComesDuringARunGoesTogetherInTheNext() throws Exception {
        List<Integer> sizes = new CopyOnWriteArrayList<>();
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        try (Batcher<Integer, Integer> batcher = new Batcher<Integer, Integer>(
                        "test", BatchPolicy.of(8, 0, 100), 0, items -> {
                            sizes.add(items.size());
                            running.countDown();
                            await(gate);
                            return items.stream().map(i -> i * 10).toList();
                        })
                .start()) {
            List<Future<Integer>> results = new ArrayList<>();
            results.add(batcher.submit(0));
            running.await();
            for (int i = 1; i < 12; i++) {
                results.add(batcher.submit(i));
            }
            gate.countDown();
            for (int i = 0; i < 12; i++) {
                assertEquals(i * 10, get(results.get(i)));
            }
            assertEquals(List.of(1, 8, 3), sizes);
        }
    }

    @Test
    void aFailureIsThatOfItsBatchAlone() throws Exception {
        try (Batcher<Integer, Integer> batcher = new Batcher<Integer, Integer>(
                        "test", BatchPolicy.of(1, 0, 10), 0, items -> {
                            if (items.getFirst() < 0) {
                                throw new IllegalArgumentException("negative");
                            }
                            return items;
                        })
                .start()) {
            ExecutionException e = assertThrows(ExecutionException.class, () -> get(batcher.submit(-1)));
            assertInstanceOf(IllegalArgumentException.class, e.getCause());
            assertEquals(1, get(batcher.submit(1)));
        }
    }

    @Test
    void deadlinesAndBoundsHold() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        Batcher<Integer, Integer> batcher = new Batcher<Integer, Integer>("test", BatchPolicy.of(1, 0, 2), 0, items -> {
                    running.countDown();
                    await(gate);
                    return items;
                })
                .start();
        Future<Integer> first = batcher.submit(1);
        running.await();
        Future<Integer> late = batcher.submit(2, 0, System.nanoTime() - 1);
        Future<Integer> third = batcher.submit(3);
        ExecutionException full = assertThrows(ExecutionException.class, () -> get(batcher.submit(4)));
        assertInstanceOf(RejectedExecutionException.class, full.getCause());
        gate.countDown();
        assertEquals(1, get(first));
        ExecutionException e = assertThrows(ExecutionException.class, () -> get(late));
        assertInstanceOf(TimeoutException.class, e.getCause());
        assertEquals(3, get(third));
        batcher.close();
        assertThrows(ExecutionException.class, () -> get(batcher.submit(5)));
    }

    @Test
    void theSizeShrinksToHoldTheTarget() throws Exception {
        List<Integer> sizes = new CopyOnWriteArrayList<>();
        CountDownLatch gate = new CountDownLatch(1);
        try (Batcher<Integer, Integer> batcher = new Batcher<Integer, Integer>(
                        "test", BatchPolicy.of(8, 0, 100), 1, items -> {
                            await(gate);
                            sizes.add(items.size());
                            return items;
                        })
                .start()) {
            List<Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                results.add(batcher.submit(i));
            }
            gate.countDown();
            for (Future<Integer> result : results) {
                get(result);
            }
            assertEquals(List.of(1, 1, 1, 1, 1, 1, 1, 1, 1, 1), sizes);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
