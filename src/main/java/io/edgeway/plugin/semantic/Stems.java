package io.edgeway.plugin.semantic;

/** Cuts the endings of English words that only bend them: {@code jokes}, {@code joking} and {@code joke} are one. */
final class Stems {
    private static final String[] ENDINGS = {"ing", "ied", "ies", "ed", "es", "s", "ly"};

    private Stems() {}

    static String of(String word) {
        if (word.length() <= 3) {
            return word;
        }
        String stem = word;
        for (String ending : ENDINGS) {
            if (word.endsWith(ending) && word.length() - ending.length() >= 3 && !word.endsWith("ss")) {
                stem = word.substring(0, word.length() - ending.length());
                if (ending.startsWith("ie")) {
                    stem = stem + "y";
                }
                break;
            }
        }
        int length = stem.length();
        if (length > 3 && stem.charAt(length - 1) == stem.charAt(length - 2) && stem.charAt(length - 1) != 's') {
            stem = stem.substring(0, length - 1);
        }
        return stem.length() > 3 && stem.endsWith("e") ? stem.substring(0, stem.length() - 1) : stem;
    }
}
