package io.edgeway.plugin.semantic;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Looks for a difference between two questions that an embedding does not see. Embeddings put a sentence and its
 * negation, or the same request for two cities, nearer to each other than many paraphrases; no threshold tells them
 * apart. When in doubt it refuses: a refusal costs a call, a wrong answer costs trust.
 */
final class Verifier {
    private static final List<String> NEGATING =
            List.of("un", "in", "im", "ir", "il", "dis", "non", "de", "mis", "anti", "counter");

    private Verifier() {}

    /** Why the questions must not share an answer, or null if nothing speaks against it. */
    static Refusal compare(Question a, Question b) {
        if (!a.literals.equals(b.literals)) {
            return Refusal.CODE;
        }
        if (!a.numbers.equals(b.numbers)) {
            return Refusal.NUMBER;
        }
        if (!a.units.equals(b.units)) {
            return Refusal.UNIT;
        }
        if (!a.times.equals(b.times)) {
            return Refusal.DATE;
        }
        if (a.negations % 2 != b.negations % 2) {
            return Refusal.NEGATION;
        }
        if (!a.languages.equals(b.languages) || languagesDiffer(a, b)) {
            return Refusal.LANGUAGE;
        }
        if (!a.formats.equals(b.formats)) {
            return Refusal.FORMAT;
        }
        if (!a.quantifiers.equals(b.quantifiers)) {
            return Refusal.QUANTIFIER;
        }
        if (opposite(a, b)) {
            return Refusal.ANTONYM;
        }
        if (personsDiffer(a.persons, b.persons)) {
            return Refusal.PERSON;
        }
        if (unknownName(a, b) || unknownName(b, a)) {
            return Refusal.ENTITY;
        }
        if (a.question != b.question
                || !a.asked.equals(b.asked)
                || !a.tense.equals(b.tense)
                || !a.modality.isEmpty() && !b.modality.isEmpty() && !a.modality.equals(b.modality)) {
            return Refusal.ASKED;
        }
        if (!a.conditions.equals(b.conditions)) {
            return Refusal.CONDITION;
        }
        if (turnedRound(a, b)) {
            return Refusal.ORDER;
        }
        if (exchanged(a, b)) {
            return Refusal.SUBSTITUTION;
        }
        return null;
    }

    private static boolean languagesDiffer(Question a, Question b) {
        return !a.language.equals(b.language) && !a.language.isEmpty() && !b.language.isEmpty();
    }

    private static boolean opposite(Question a, Question b) {
        for (String word : a.wordSet) {
            if (!b.wordSet.contains(word)) {
                String stem = Stems.of(word);
                Set<String> opposites = Lexicon.OPPOSITES.get(stem);
                for (String other : b.wordSet) {
                    if (!a.wordSet.contains(other)) {
                        String otherStem = Stems.of(other);
                        if (opposites != null && opposites.contains(otherStem)
                                || negates(stem, otherStem)
                                || negates(otherStem, stem)
                                || suffixes(word, other)) {
                            return true;
                        }
                    }
                }
            }
        }
        return false;
    }

    private static boolean negates(String longer, String shorter) {
        if (shorter.length() < 3 || longer.length() <= shorter.length() || !longer.endsWith(shorter)) {
            return false;
        }
        return NEGATING.contains(longer.substring(0, longer.length() - shorter.length()));
    }

    /** {@code careful} and {@code careless}. */
    private static boolean suffixes(String a, String b) {
        return a.endsWith("ful") && b.equals(a.substring(0, a.length() - 3) + "less")
                || b.endsWith("ful") && a.equals(b.substring(0, b.length() - 3) + "less")
                || a.endsWith("less") && b.equals(a.substring(0, a.length() - 4))
                || b.endsWith("less") && a.equals(b.substring(0, b.length() - 4));
    }

    /** One that names nobody may leave out whose it is, as long as that is the asker's. */
    private static boolean personsDiffer(CharSequence a, CharSequence b) {
        if (CharSequence.compare(a, b) == 0) {
            return false;
        }
        CharSequence longer = a.length() > b.length() ? a : b;
        CharSequence shorter = longer == a ? b : a;
        return !shorter.isEmpty() || longer.chars().anyMatch(person -> person != '1');
    }

    private static boolean unknownName(Question a, Question b) {
        for (String name : a.names) {
            if (!b.wordSet.contains(name) && !Lexicon.FUNCTION_WORDS.contains(name)) {
                return true;
            }
        }
        return false;
    }

    /** Two things that both name, in the other order; a possessive may turn them round and mean the same. */
    private static boolean turnedRound(Question a, Question b) {
        List<String> left = new ArrayList<>(a.content);
        List<String> right = new ArrayList<>(b.content);
        left.retainAll(b.contentSet);
        right.retainAll(a.contentSet);
        return !left.equals(right) && !(a.possessive != b.possessive && left.size() == 2);
    }

    /** The same but for one word of the matter: nearly all of the sentence agrees, and that word decides. */
    private static boolean exchanged(Question a, Question b) {
        Set<String> left = new HashSet<>(a.contentSet);
        Set<String> right = new HashSet<>(b.contentSet);
        left.removeAll(b.contentSet);
        right.removeAll(a.contentSet);
        return left.size() == 1 && right.size() == 1;
    }
}
