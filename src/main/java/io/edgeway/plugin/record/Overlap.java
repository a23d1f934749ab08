package io.edgeway.plugin.record;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How much two texts say in the same words and the same order: ROUGE-L (Lin 2004), as an F1 from 0 to 1. */
final class Overlap {
    /** Words beyond these are not compared, so that the work stays small. */
    private static final int MAX_WORDS = 256;

    private Overlap() {}

    static double of(String a, String b) {
        List<String> left = words(a);
        List<String> right = words(b);
        if (left.isEmpty() || right.isEmpty()) {
            return left.equals(right) ? 1 : 0;
        }
        int[] row = new int[right.size() + 1];
        for (String word : left) {
            int before = 0;
            for (int j = 1; j < row.length; j++) {
                int above = row[j];
                row[j] = word.equals(right.get(j - 1)) ? before + 1 : Math.max(above, row[j - 1]);
                before = above;
            }
        }
        return 2.0 * row[right.size()] / (left.size() + right.size());
    }

    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        int start = -1;
        for (int i = 0; i <= text.length() && words.size() < MAX_WORDS; i++) {
            boolean inside = i < text.length() && Character.isLetterOrDigit(text.charAt(i));
            if (inside && start < 0) {
                start = i;
            } else if (!inside && start >= 0) {
                words.add(text.substring(start, i).toLowerCase(Locale.ROOT));
                start = -1;
            }
        }
        return words;
    }
}
