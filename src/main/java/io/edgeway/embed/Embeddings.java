package io.edgeway.embed;

import io.edgeway.pipeline.Fact;

/** What is known of an exchange's last user turn as a vector. */
public final class Embeddings {
    /** The last user turn as a vector of length one; absent until a plugin needed it. */
    public static final Fact<float[]> LAST_USER_TURN = Fact.named("embedding");

    private Embeddings() {}

    /** The cosine of two vectors of length one. */
    public static float cosine(float[] a, float[] b) {
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        for (int i = 0; i < a.length; i += 4) {
            sum0 += a[i] * b[i];
            sum1 += a[i + 1] * b[i + 1];
            sum2 += a[i + 2] * b[i + 2];
            sum3 += a[i + 3] * b[i + 3];
        }
        return sum0 + sum1 + sum2 + sum3;
    }
}
