package io.edgeway.config;

/** A share, written as {@code 1%} or {@code 0.01}. */
public record Percent(double share) {
    public static Percent parse(String text) {
        String trimmed = text.trim();
        boolean percent = trimmed.endsWith("%");
        try {
            double number = Double.parseDouble(percent ? trimmed.substring(0, trimmed.length() - 1) : trimmed);
            double share = percent ? number / 100 : number;
            if (share >= 0 && share <= 1) {
                return new Percent(share);
            }
        } catch (NumberFormatException e) {
            // Told below, as for a number out of bounds.
        }
        throw new IllegalArgumentException("expected a share such as 1% or 0.01, from 0 to 1");
    }
}
