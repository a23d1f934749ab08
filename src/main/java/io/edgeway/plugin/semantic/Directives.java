package io.edgeway.plugin.semantic;

import java.util.Locale;

/**
 * What a client asks of the semantic cache in {@code x-edgeway-cache-control}, besides {@code Cache-Control}.
 *
 * @param noSemantic neither a repeated answer nor a place in the store
 * @param minSimilarity the least similarity that will do; 0 leaves it to the cache
 * @param explain name the matched entry in a header
 */
record Directives(boolean noSemantic, double minSimilarity, boolean explain) {
    static final String HEADER = "x-edgeway-cache-control";
    private static final Directives NONE = new Directives(false, 0, false);

    /** Reads the header's value, which may be null. A similarity that cannot be read allows none. */
    static Directives parse(String header) {
        if (header == null) {
            return NONE;
        }
        boolean noSemantic = false;
        double minSimilarity = 0;
        boolean explain = false;
        for (String part : header.toLowerCase(Locale.ROOT).split(",")) {
            String directive = part.trim();
            switch (directive) {
                case "no-semantic" -> noSemantic = true;
                case "explain" -> explain = true;
                default -> {
                    if (directive.startsWith("min-similarity=")) {
                        minSimilarity = number(directive.substring("min-similarity=".length()));
                    }
                }
            }
        }
        return new Directives(noSemantic, minSimilarity, explain);
    }

    private static double number(String text) {
        try {
            double number = Double.parseDouble(text);
            return number >= 0 ? number : 2;
        } catch (NumberFormatException e) {
            return 2;
        }
    }
}
