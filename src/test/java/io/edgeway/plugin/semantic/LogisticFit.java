package io.edgeway.plugin.semantic;

import java.util.ArrayList;
import java.util.List;

/** A ridge logistic regression by Newton's method, for the weights of {@link Prior}; the bias comes last. */
final class LogisticFit {
    private static final double RIDGE = 5;

    private LogisticFit() {}

    /** @param sources sets that weigh the same in sum, whatever their sizes */
    static List<Double> of(List<double[]> features, List<Boolean> labels, List<Integer> sources) {
        int n = features.size();
        int m = features.getFirst().length;
        double[] mean = new double[m];
        double[] deviation = new double[m];
        for (int j = 0; j < m; j++) {
            for (double[] row : features) {
                mean[j] += row[j] / n;
            }
            for (double[] row : features) {
                deviation[j] += (row[j] - mean[j]) * (row[j] - mean[j]) / n;
            }
            deviation[j] = Math.sqrt(deviation[j]) + 1e-9;
        }
        long kinds = sources.stream().distinct().count();
        double[] weight = new double[n];
        for (int i = 0; i < n; i++) {
            int source = sources.get(i);
            weight[i] = (double) n
                    / kinds
                    / sources.stream().filter(s -> s == source).count();
        }
        double[] c = new double[m + 1];
        for (int step = 0; step < 40; step++) {
            double[][] system = new double[m + 1][m + 2];
            for (int j = 0; j < m; j++) {
                system[j][j] = RIDGE;
                system[j][m + 1] = -RIDGE * c[j];
            }
            double[] z = new double[m + 1];
            for (int i = 0; i < n; i++) {
                double sum = 0;
                for (int j = 0; j <= m; j++) {
                    z[j] = j == m ? 1 : (features.get(i)[j] - mean[j]) / deviation[j];
                    sum += z[j] * c[j];
                }
                double p = 1 / (1 + Math.exp(-sum));
                double gradient = weight[i] * ((labels.get(i) ? 1 : 0) - p);
                double curvature = weight[i] * p * (1 - p);
                for (int j = 0; j <= m; j++) {
                    system[j][m + 1] += gradient * z[j];
                    for (int k = 0; k <= m; k++) {
                        system[j][k] += curvature * z[j] * z[k];
                    }
                }
            }
            double[] move = solve(system);
            for (int j = 0; j <= m; j++) {
                c[j] += move[j];
            }
        }
        List<Double> weights = new ArrayList<>();
        double bias = c[m];
        for (int j = 0; j < m; j++) {
            weights.add(c[j] / deviation[j]);
            bias -= c[j] * mean[j] / deviation[j];
        }
        weights.add(bias);
        return weights;
    }

    /** Gauss and Jordan, with the right side as the last column. */
    private static double[] solve(double[][] rows) {
        int n = rows.length;
        for (int i = 0; i < n; i++) {
            int best = i;
            for (int r = i + 1; r < n; r++) {
                best = Math.abs(rows[r][i]) > Math.abs(rows[best][i]) ? r : best;
            }
            double[] swap = rows[i];
            rows[i] = rows[best];
            rows[best] = swap;
            for (int r = 0; r < n; r++) {
                if (r != i) {
                    double factor = rows[r][i] / rows[i][i];
                    for (int k = i; k <= n; k++) {
                        rows[r][k] -= factor * rows[i][k];
                    }
                }
            }
        }
        double[] x = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = rows[i][n] / rows[i][i];
        }
        return x;
    }
}
