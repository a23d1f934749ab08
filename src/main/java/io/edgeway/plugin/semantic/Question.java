package io.edgeway.plugin.semantic;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A user's turn taken apart into what must agree with another's before both may have one answer. */
final class Question {
    private static final Pattern FENCED = Pattern.compile("```.*?(?:```|$)|`[^`\n]+`", Pattern.DOTALL);
    private static final Pattern REFERENCE = Pattern.compile(
            "\\b(?:https?|ftp|file)://\\S+|\\b[\\w.+-]+@[\\w-]+\\.[\\w.]+|(?<![\\w/])(?:~?/|[A-Za-z]:\\\\)[\\w./\\\\-]+");
    private static final Pattern QUOTED =
            Pattern.compile("\"([^\"]+)\"|\u201c([^\u201d]+)\u201d|(?<!\\w)'([^']+)'(?!\\w)");
    private static final Pattern TOKEN = Pattern.compile(
            "[+-]?\\d[\\d,]*(?:\\.\\d+)?(?:st|nd|rd|th)?|[$€£¥₹%]|c\\+\\+|c#|f#|[\\p{L}\\p{M}]+(?:['\u2019][\\p{L}]+)?|[-+*/=<>^]",
            Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CHARACTER_CLASS);
    private static final Set<String> AUXILIARIES = Set.of(
            "is", "are", "am", "was", "were", "do", "does", "did", "can", "could", "will", "would", "should", "may",
            "have", "has", "had", "shall", "might", "must");
    private static final Set<String> ASKING =
            Set.of("what", "who", "where", "when", "why", "how", "which", "whose", "whom");
    /** After these, {@code one} counts nothing. */
    private static final Set<String> BEFORE_ONE = Set.of(
            "which", "any", "every", "some", "the", "this", "that", "another", "other", "each", "a", "good", "new");

    private static final Map<String, String> NUMBERS = numbers();

    final String text;
    /** The words without opening and ending courtesies. */
    final List<String> words;
    /** Stems of the words that carry the matter, in order, and without repetition. */
    final List<String> content = new ArrayList<>();

    final Set<String> contentSet;
    final Set<String> wordSet;
    final List<String> numbers = new ArrayList<>();
    final List<String> units = new ArrayList<>();
    final List<String> times = new ArrayList<>();
    final TreeMap<String, Integer> formats = new TreeMap<>();
    final Set<String> languages = new HashSet<>();
    final Set<String> quantifiers = new HashSet<>();
    final Set<String> modality = new HashSet<>();
    final Set<String> tense = new HashSet<>();
    final Set<String> asked = new HashSet<>();
    final Set<String> conditions = new HashSet<>();
    /** Capitalized words inside a sentence, in lower case. */
    final Set<String> names = new HashSet<>();
    /** Code, quotations, addresses and operators, which must be the same to the letter. */
    final List<String> literals = new ArrayList<>();

    final StringBuilder persons = new StringBuilder();
    final boolean question;
    final String language;
    final boolean possessive;
    int negations;

    private Question(String text) {
        this.text = text;
        String rest = extract(FENCED, text, 0);
        rest = extract(REFERENCE, rest, 0);
        rest = extract(QUOTED, rest, 1);
        List<String> all = tokens(rest);
        language = Languages.of(text);
        Stripped stripped = strip(plain(all), text.indexOf('?') >= 0);
        words = stripped.words;
        question = text.indexOf('?') >= 0 || stripped.asks || asks(words);
        possessive = text.contains("'s ") || text.contains("\u2019s ") || words.contains("of");
        wordSet = new HashSet<>(words);
        for (int i = 0; i < words.size(); i++) {
            sort(i);
        }
        contentSet = new HashSet<>(content);
    }

    static Question of(String text) {
        return new Question(text);
    }

    private String extract(Pattern pattern, String from, int group) {
        Matcher matcher = pattern.matcher(from);
        StringBuilder rest = new StringBuilder();
        while (matcher.find()) {
            String literal = matcher.group();
            if (group > 0) {
                literal = matcher.group(1) != null
                        ? matcher.group(1)
                        : matcher.group(2) != null ? matcher.group(2) : matcher.group(3);
            }
            literals.add(literal);
            matcher.appendReplacement(rest, " ");
        }
        return matcher.appendTail(rest).toString();
    }

    private List<String> tokens(String rest) {
        List<String> tokens = new ArrayList<>();
        Matcher matcher = TOKEN.matcher(rest);
        int before = 0;
        boolean begins = true;
        while (matcher.find()) {
            String token = matcher.group().replace('\u2019', '\'');
            for (int i = before; i < matcher.start(); i++) {
                char c = rest.charAt(i);
                begins = begins || c == '.' || c == '!' || c == '?' || c == ':' || c == '\n';
            }
            before = matcher.end();
            String lower = token.toLowerCase(Locale.ROOT);
            char first = token.charAt(0);
            if (!Character.isLetter(first)
                    && !Character.isDigit(first)
                    && lower.length() == 1
                    && "+*/=<>^-".indexOf(first) >= 0) {
                operator(rest, matcher.start(), lower);
                continue;
            }
            if (!begins && Character.isUpperCase(first) && !lower.equals("i") && !lower.startsWith("i'")) {
                names.add(lower.endsWith("'s") ? lower.substring(0, lower.length() - 2) : lower);
            }
            begins = false;
            List<String> expanded = Lexicon.CONTRACTIONS.get(lower);
            if (expanded != null) {
                tokens.addAll(expanded);
            } else if (lower.endsWith("'s") && lower.length() > 2) {
                tokens.add(lower.substring(0, lower.length() - 2));
            } else {
                tokens.add(lower);
            }
        }
        return tokens;
    }

    /** An operator stands between spaces or digits; elsewhere it is a hyphen or a slash of words. */
    private void operator(String text, int at, String operator) {
        char before = at == 0 ? ' ' : text.charAt(at - 1);
        char after = at + 1 >= text.length() ? ' ' : text.charAt(at + 1);
        if ((Character.isDigit(before) || before == ' ' || before == ')')
                && (Character.isDigit(after) || after == ' ' || after == '(')) {
            literals.add(operator);
        }
    }

    private static boolean asks(List<String> words) {
        return !words.isEmpty() && (AUXILIARIES.contains(words.getFirst()) || ASKING.contains(words.getFirst()));
    }

    /** One wording for {@code have to} and {@code need to}, and for {@code no one} and {@code nobody}. */
    private static List<String> plain(List<String> words) {
        List<String> plain = new ArrayList<>(words);
        for (int i = 0; i + 1 < plain.size(); i++) {
            if (plain.get(i).equals("no") && plain.get(i + 1).equals("one")) {
                plain.set(i, "nobody");
                plain.remove(i + 1);
            }
        }
        for (int i = 0; i + 2 < plain.size(); i++) {
            if (plain.get(i + 1).equals("to")
                    && (plain.get(i).equals("have") || plain.get(i).equals("has"))) {
                plain.set(i, "need");
            }
        }
        return plain;
    }

    private record Stripped(List<String> words, boolean asks) {}

    /** Takes courtesies away; some of them make a question of what follows. */
    private static Stripped strip(List<String> words, boolean marked) {
        int from = 0;
        int to = words.size();
        boolean asks = false;
        boolean stripped = true;
        while (stripped) {
            stripped = false;
            for (List<String> opening : Lexicon.OPENINGS) {
                if (to - from > opening.size()
                        && words.subList(from, from + opening.size()).equals(opening)) {
                    from += opening.size();
                    asks = asks
                            || opening.size() > 1 && !opening.contains("explain")
                            || opening.getFirst().equals("define");
                    stripped = true;
                    break;
                }
            }
            for (List<String> hedge : Lexicon.HEDGES) {
                if (to - from > hedge.size() + 1
                        && words.subList(from, from + hedge.size()).equals(hedge)) {
                    from += hedge.size();
                    stripped = true;
                    break;
                }
            }
            int tag = marked ? tag(words.subList(from, to)) : 0;
            if (tag > 0) {
                to -= tag;
                stripped = true;
            }
            for (List<String> ending : Lexicon.ENDINGS) {
                if (to - from > ending.size()
                        && words.subList(to - ending.size(), to).equals(ending)) {
                    to -= ending.size();
                    stripped = true;
                    break;
                }
            }
        }
        return new Stripped(List.copyOf(words.subList(from, to)), asks);
    }

    /** The length of the tag that makes a question of a statement, as in {@code you are here, are you not?}; or 0. */
    private static int tag(List<String> words) {
        int size = words.size();
        if (size < 4 || AUXILIARIES.contains(words.getFirst()) || ASKING.contains(words.getFirst())) {
            return 0;
        }
        if (Lexicon.TAGS.contains(words.getLast()) && Lexicon.PERSONS.containsKey(words.getFirst())) {
            return 1;
        }
        int at = size - 2;
        String who = words.getLast();
        if (words.get(at).equals("not")) {
            at--;
        } else if (who.equals("not")) {
            who = words.get(at--);
        }
        boolean tag = AUXILIARIES.contains(words.get(at))
                && (Lexicon.PERSONS.containsKey(who) || who.equals("it"))
                && words.subList(0, at).contains(who);
        return tag && at >= 2 ? size - at : 0;
    }

    private void sort(int at) {
        String word = words.get(at);
        String before = at > 0 ? words.get(at - 1) : "";
        String after = at + 1 < words.size() ? words.get(at + 1) : "";
        boolean afterNumber = !before.isEmpty() && Character.isDigit(before.charAt(0));
        char first = word.charAt(0);
        if (word.equals("one") && (BEFORE_ONE.contains(before) || after.equals("of"))) {
            return;
        }
        if (Character.isDigit(first) || (first == '-' || first == '+') && word.length() > 1) {
            numbers.add(number(word));
            return;
        }
        if (NUMBERS.containsKey(word)) {
            numbers.add(NUMBERS.get(word));
            return;
        }
        String unit = Lexicon.UNITS.get(word);
        if (unit == null && afterNumber) {
            unit = Lexicon.UNITS_AFTER_NUMBERS.get(word);
        }
        if (unit != null) {
            units.add(unit);
        }
        String time = Lexicon.TIMES.get(word);
        if (time == null && afterNumber) {
            time = Lexicon.HALVES.get(word);
        }
        if (time == null && ofTime(after, at)) {
            time = Lexicon.WHICH_TIME.get(word);
        }
        if (time != null) {
            times.add(time);
        }
        if (Lexicon.FORMATS.containsKey(word)) {
            formats.merge(Lexicon.FORMATS.get(word), 1, Integer::sum);
        }
        if (Lexicon.LANGUAGES.contains(word)) {
            languages.add(word);
        }
        if (Lexicon.NEGATIONS.contains(word)) {
            negations++;
        }
        add(quantifiers, Lexicon.QUANTIFIERS, word);
        add(modality, Lexicon.MODALITY, word);
        add(tense, Lexicon.TENSE, word);
        if (word.equals("going") && after.equals("to")) {
            tense.add("future");
        }
        add(asked, Lexicon.ASKED, word);
        if (Lexicon.CONDITIONS.contains(word)) {
            conditions.add(word);
        }
        Character person = Lexicon.PERSONS.get(word);
        if (person != null && (persons.isEmpty() || persons.charAt(persons.length() - 1) != person)) {
            persons.append(person.charValue());
        }
        if (!Lexicon.FUNCTION_WORDS.contains(word) && Character.isLetter(first)) {
            String stem = Lexicon.SYNONYMS.containsKey(word) ? Lexicon.SYNONYMS.get(word) : Stems.of(word);
            if (!content.contains(stem)) {
                content.add(stem);
            }
        }
    }

    /** Whether a word of time follows, or a number and a word of time. */
    private boolean ofTime(String after, int at) {
        boolean counted = !after.isEmpty() && (Character.isDigit(after.charAt(0)) || NUMBERS.containsKey(after));
        String noun = counted && at + 2 < words.size() ? words.get(at + 2) : after;
        return Lexicon.TIMES.containsKey(noun);
    }

    private static void add(Set<String> to, Map<String, String> groups, String word) {
        String group = groups.get(word);
        if (group != null) {
            to.add(group);
        }
    }

    /** One spelling for each value: without separators, leading signs of plus and trailing zeros. */
    private static String number(String word) {
        String plain = word.replace(",", "");
        if (plain.startsWith("+")) {
            plain = plain.substring(1);
        }
        int suffix = plain.length();
        while (suffix > 0 && Character.isLetter(plain.charAt(suffix - 1))) {
            suffix--;
        }
        String digits = plain.substring(0, suffix);
        if (digits.indexOf('.') >= 0) {
            digits = digits.replaceAll("0+$", "").replaceAll("\\.$", "");
        }
        return suffix < plain.length() ? digits + "th" : digits;
    }

    private static Map<String, String> numbers() {
        String[] words =
                ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
                                + " seventeen eighteen nineteen twenty")
                        .split(" ");
        Map<String, String> map = new java.util.HashMap<>();
        for (int i = 0; i < words.length; i++) {
            map.put(words[i], Integer.toString(i));
        }
        String[] tens = "thirty forty fifty sixty seventy eighty ninety hundred".split(" ");
        for (int i = 0; i < tens.length; i++) {
            map.put(tens[i], Integer.toString(30 + 10 * i));
        }
        map.put("thousand", "1000");
        map.put("million", "1000000");
        map.put("billion", "1000000000");
        map.put("trillion", "1000000000000");
        map.put("dozen", "12");
        String[] ordinals = "second third fourth fifth sixth seventh eighth ninth tenth".split(" ");
        for (int i = 0; i < ordinals.length; i++) {
            map.put(ordinals[i], i + 2 + "th");
        }
        return Map.copyOf(map);
    }
}
