package io.edgeway.state;

/**
 * Units asked of one counter.
 *
 * @param key names the counter in its store
 * @param units how many; a {@link Quota.Concurrent} counts one, whatever stands here
 */
public record Claim(String key, Quota quota, long units) {
    public Claim {
        if (units < 0) {
            throw new IllegalArgumentException("units must not be negative");
        }
    }
}
