package io.edgeway.jinja;

/**
 * Bounds of one rendering.
 *
 * @param output the most characters that a rendering, or any text made on the way, may have
 * @param work the most steps: loop iterations, calls, and characters or elements produced, in units of sixteen
 * @param depth the deepest nesting of macro calls and recursive loops
 */
public record Limits(int output, long work, int depth) {
    public static final Limits DEFAULT = new Limits(16 << 20, 10_000_000, 100);

    public Limits {
        if (output <= 0 || work <= 0 || depth <= 0) {
            throw new IllegalArgumentException("limits must be positive");
        }
    }
}
