package io.edgeway.backend.cloud.balance;

import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;

/** Draws two candidates by weight and keeps the cheaper; among near equals the weights decide. */
public final class PowerOfTwo {
    /** Costs within this factor are noise. */
    private static final double NEAR = 1.5;

    private PowerOfTwo() {}

    /**
     * @param weight a positive number per candidate
     * @param cost what a call of the candidate would cost
     * @return one of the candidates, of which there must be one
     */
    public static <T> T choose(
            List<T> candidates, ToDoubleFunction<T> weight, ToDoubleFunction<T> cost, RandomGenerator random) {
        if (candidates.size() == 1) {
            return candidates.getFirst();
        }
        int first = draw(candidates, weight, -1, random);
        int second = draw(candidates, weight, first, random);
        T a = candidates.get(first);
        T b = candidates.get(second);
        double costOfA = cost.applyAsDouble(a);
        double costOfB = cost.applyAsDouble(b);
        if (costOfA > NEAR * costOfB) {
            return b;
        }
        if (costOfB > NEAR * costOfA) {
            return a;
        }
        double weightOfA = weight.applyAsDouble(a);
        return random.nextDouble() * (weightOfA + weight.applyAsDouble(b)) < weightOfA ? a : b;
    }

    private static <T> int draw(List<T> candidates, ToDoubleFunction<T> weight, int except, RandomGenerator random) {
        double sum = 0;
        for (int i = 0; i < candidates.size(); i++) {
            if (i != except) {
                sum += weight.applyAsDouble(candidates.get(i));
            }
        }
        double at = random.nextDouble() * sum;
        int last = -1;
        for (int i = 0; i < candidates.size(); i++) {
            if (i != except) {
                last = i;
                at -= weight.applyAsDouble(candidates.get(i));
                if (at < 0) {
                    break;
                }
            }
        }
        return last;
    }
}
