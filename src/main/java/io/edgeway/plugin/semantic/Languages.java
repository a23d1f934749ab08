package io.edgeway.plugin.semantic;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Guesses the language of a short text from its script and its commonest words. */
final class Languages {
    private static final Map<String, String[]> COMMON = Map.of(
            "en",
                    words(
                            "the is are was were what how who where when why which do does did can could will would should you my your of to and in for with from by on at or as an this that it i me we he she they am not has have any some there name best about give make use please tell"),
            "fr",
                    words(
                            "le la les des une est que qui quel quelle comment où pourquoi quand je tu vous nous mon ma dans pour avec sur et ce pas du c'est puis peux quelles"),
            "es",
                    words(
                            "el la los las una es que qué quién cómo dónde cuándo por para con mi tu su en y del cuál puedo hola está son como"),
            "de",
                    words(
                            "der die das ein eine ist was wer wie wo wann warum ich du sie mein dein und mit für auf von zu nicht den dem kann bitte sind"),
            "it",
                    words(
                            "il lo la gli una è che chi come dove quando perché io tu mio tuo e con per di non sono della qual posso quale"),
            "pt",
                    words(
                            "o os as uma é que quem como onde quando por para com meu seu em e do da não você qual posso são"),
            "nl",
                    words(
                            "de het een is wat wie hoe waar wanneer waarom ik je jij mijn jouw en met voor op van niet kan zijn hoeveel"));

    private static final Map<String, Map<String, Boolean>> BY_WORD = index();

    private Languages() {}

    /** A language code for Latin script, the name of another script, or an empty string where nothing can be said. */
    static String of(String text) {
        Character.UnicodeScript other = null;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (Character.isLetter(c) && c > 0x24F) {
                Character.UnicodeScript script = Character.UnicodeScript.of(c);
                if (script != Character.UnicodeScript.LATIN && script != Character.UnicodeScript.COMMON) {
                    other = script;
                    break;
                }
            }
        }
        if (other != null) {
            return other.name();
        }
        Map<String, Integer> votes = new HashMap<>();
        for (String word : text.toLowerCase(Locale.ROOT).split("[^\\p{L}']+")) {
            Map<String, Boolean> languages = BY_WORD.get(word);
            if (languages != null) {
                // A word of several languages says little of each.
                languages.keySet().forEach(language -> votes.merge(language, 6 / languages.size(), Integer::sum));
            }
        }
        String best = "";
        int most = 5;
        for (Map.Entry<String, Integer> vote : votes.entrySet()) {
            if (vote.getValue() > most) {
                most = vote.getValue();
                best = vote.getKey();
            }
        }
        return best;
    }

    private static String[] words(String text) {
        return text.split(" ");
    }

    private static Map<String, Map<String, Boolean>> index() {
        Map<String, Map<String, Boolean>> index = new HashMap<>();
        COMMON.forEach((language, words) -> {
            for (String word : words) {
                index.computeIfAbsent(word, k -> new HashMap<>()).put(language, true);
            }
        });
        return index;
    }
}
