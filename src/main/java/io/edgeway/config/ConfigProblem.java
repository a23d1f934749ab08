package io.edgeway.config;

/**
 * One thing that is wrong with a configuration.
 *
 * @param line in the file, counted from 1; 0 where the problem has no line
 * @param path as in {@code edgeway.plugins.fair.requests}; empty where the file as a whole is meant
 * @param message what was expected
 */
public record ConfigProblem(int line, String path, String message) {
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder();
        if (line > 0) {
            out.append("line ").append(line).append(": ");
        }
        if (!path.isEmpty()) {
            out.append(path).append(": ");
        }
        return out.append(message).toString();
    }
}
