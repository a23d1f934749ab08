package io.edgeway.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class VectorIndexTest {
    static final int DIMENSIONS = 384;

    record Point(float[] vector) implements VectorIndex.Item {}

    static float[] unit(Random random, float[] near, double noise) {
        float[] v = new float[DIMENSIONS];
        double square = 0;
        for (int i = 0; i < DIMENSIONS; i++) {
            v[i] = (float) ((near == null ? 0 : near[i]) + noise * random.nextGaussian());
            square += v[i] * v[i];
        }
        for (int i = 0; i < DIMENSIONS; i++) {
            v[i] /= (float) Math.sqrt(square);
        }
        return v;
    }

    /** Questions come in clusters; the nearest of a near copy is what it was copied from. */
    @Test
    void findsWhatAFullScanFinds() {
        Random random = new Random(1);
        VectorIndex<Point> index = new VectorIndex<>(DIMENSIONS);
        List<Point> points = new ArrayList<>();
        for (int cluster = 0; cluster < 200; cluster++) {
            float[] centre = unit(random, null, 1);
            for (int i = 0; i < 25; i++) {
                points.add(new Point(unit(random, centre, 0.02)));
            }
        }
        points.forEach(index::add);
        int found = 0;
        for (int i = 0; i < 200; i++) {
            float[] query =
                    unit(random, points.get(random.nextInt(points.size())).vector(), 0.03);
            Point best = index.nearest(query, 1, points.size()).getFirst().item();
            found += index.nearest(query, 1, 64).getFirst().item() == best ? 1 : 0;
        }
        assertTrue(found >= 198, found + " of 200");
    }

    @Test
    void forgetsWhatWasRemovedAndReusesItsRoom() {
        Random random = new Random(2);
        VectorIndex<Point> index = new VectorIndex<>(DIMENSIONS);
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            points.add(new Point(unit(random, null, 1)));
            index.add(points.getLast());
        }
        for (int i = 0; i < 1000; i += 2) {
            assertTrue(index.remove(points.get(i)));
        }
        assertEquals(500, index.size());
        for (int i = 0; i < 1000; i++) {
            VectorIndex.Near<Point> near =
                    index.nearest(points.get(i).vector(), 1, 64).getFirst();
            if (i % 2 == 1) {
                assertSame(points.get(i), near.item());
                assertEquals(1, near.cosine(), 1e-5);
            } else {
                assertTrue(near.cosine() < 0.9);
            }
        }
    }

    @Test
    void readersSeeWholeItemsWhileWritersWork() throws Exception {
        VectorIndex<Point> index = new VectorIndex<>(DIMENSIONS);
        Random random = new Random(3);
        Point constant = new Point(unit(random, null, 1));
        index.add(constant);
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<Void> reader = CompletableFuture.runAsync(() -> {
            while (!stop.get()) {
                assertSame(
                        constant,
                        index.nearest(constant.vector(), 1, 8).getFirst().item());
            }
        });
        List<Point> points = new ArrayList<>();
        for (int round = 0; round < 5000; round++) {
            points.add(new Point(unit(random, null, 1)));
            index.add(points.getLast());
            if (points.size() > 50) {
                index.remove(points.remove(random.nextInt(points.size())));
            }
        }
        stop.set(true);
        reader.get(20, TimeUnit.SECONDS);
    }
}
