package io.edgeway.plugin.router;

import java.lang.Character.UnicodeScript;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Tells the language of a text by its script and, among languages in Latin letters, by its commonest words. Good enough
 * to route by, and nothing to load.
 */
final class Language {
    private static final int MAX_CHARACTERS = 2000;

    private static final Map<UnicodeScript, String> BY_SCRIPT = Map.ofEntries(
            Map.entry(UnicodeScript.CYRILLIC, "ru"),
            Map.entry(UnicodeScript.ARABIC, "ar"),
            Map.entry(UnicodeScript.HEBREW, "he"),
            Map.entry(UnicodeScript.GREEK, "el"),
            Map.entry(UnicodeScript.DEVANAGARI, "hi"),
            Map.entry(UnicodeScript.THAI, "th"),
            Map.entry(UnicodeScript.HANGUL, "ko"),
            Map.entry(UnicodeScript.HIRAGANA, "ja"),
            Map.entry(UnicodeScript.KATAKANA, "ja"),
            Map.entry(UnicodeScript.HAN, "zh"));

    private static final Map<String, String> WORDS = words(
            "en", "the and is of to in what how are you do does can i my for with it this that why who when",
            "de", "der die das und ist nicht ein eine wie was ich wir sie mit auf fur zu den im von warum wer wo",
            "fr", "le la les et est un une des que qui je vous nous pour dans comment avec quel quelle pas du",
            "es", "el los las y es un una que como por para con mi cual donde cuando no se del al puedo",
            "it", "il lo gli e un una che come per con mio quale dove quando non si del sono di cosa",
            "pt", "o os as e um uma que como por para com meu qual onde quando nao se do da eu voce",
            "nl", "de het een en is niet wat hoe ik wij met op voor van naar waarom wie waar kan je");

    private Language() {}

    private static Map<String, String> words(String... pairs) {
        Map<String, String> languagesOfWord = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            for (String word : pairs[i + 1].split(" ")) {
                languagesOfWord.merge(word, pairs[i], (a, b) -> a + ' ' + b);
            }
        }
        return languagesOfWord;
    }

    /** An ISO 639-1 code, or an empty string where there is nothing to tell it by. */
    static String of(String text) {
        String part = text.length() > MAX_CHARACTERS ? text.substring(0, MAX_CHARACTERS) : text;
        Map<UnicodeScript, Integer> scripts = new EnumMap<>(UnicodeScript.class);
        part.codePoints().filter(Character::isLetter).forEach(c -> scripts.merge(UnicodeScript.of(c), 1, Integer::sum));
        UnicodeScript most = scripts.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(UnicodeScript.COMMON);
        if (scripts.containsKey(UnicodeScript.HIRAGANA) || scripts.containsKey(UnicodeScript.KATAKANA)) {
            return "ja";
        }
        return most == UnicodeScript.LATIN ? latin(part) : BY_SCRIPT.getOrDefault(most, "");
    }

    private static String latin(String text) {
        String plain = java.text.Normalizer.normalize(text.toLowerCase(Locale.ROOT), java.text.Normalizer.Form.NFD);
        Map<String, Integer> votes = new HashMap<>();
        StringBuilder word = new StringBuilder();
        for (int i = 0; i <= plain.length(); i++) {
            char c = i < plain.length() ? plain.charAt(i) : ' ';
            if (Character.isLetter(c)) {
                word.append(c);
            } else if (Character.getType(c) != Character.NON_SPACING_MARK && !word.isEmpty()) {
                String languages = WORDS.get(word.toString());
                if (languages != null) {
                    for (String language : languages.split(" ")) {
                        votes.merge(language, 1, Integer::sum);
                    }
                }
                word.setLength(0);
            }
        }
        return votes.entrySet().stream()
                .max(Map.Entry.<String, Integer>comparingByValue()
                        .thenComparing(
                                Map.Entry.<String, Integer>comparingByKey().reversed()))
                .map(Map.Entry::getKey)
                .orElse("");
    }
}
