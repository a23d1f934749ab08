package io.edgeway.tokens;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** A rule that cuts text into pieces which merges never cross. */
sealed interface Splitter {
    /** Receives the pieces, in order. */
    interface Pieces {
        void piece(String text, int from, int to);
    }

    void split(String text, int from, int to, Pieces out);

    /** Leaves text whole. */
    record Whole() implements Splitter {
        @Override
        public void split(String text, int from, int to, Pieces out) {
            if (from < to) {
                out.piece(text, from, to);
            }
        }
    }

    /** Each rule cuts what the one before it left. */
    record Chain(Splitter first, Splitter rest) implements Splitter {
        @Override
        public void split(String text, int from, int to, Pieces out) {
            first.split(text, from, to, (t, a, b) -> rest.split(t, a, b, out));
        }
    }

    /** What becomes of a match. */
    enum Behavior {
        ISOLATED,
        REMOVED,
        MERGED_WITH_PREVIOUS,
        MERGED_WITH_NEXT,
        CONTIGUOUS
    }

    /** Cuts where a pattern matches, or, inverted, where it does not. */
    record Regex(Pattern pattern, Behavior behavior, boolean invert) implements Splitter {
        /** As the reference implementation reads a pattern: classes and case in all of Unicode. */
        static Pattern compile(String regex) {
            try {
                return Pattern.compile(regex, Pattern.UNICODE_CHARACTER_CLASS);
            } catch (PatternSyntaxException e) {
                throw new TokenizerException("unsupported regular expression in pre_tokenizer: " + e.getDescription());
            }
        }

        @Override
        public void split(String text, int from, int to, Pieces out) {
            Matcher matcher = pattern.matcher(text).region(from, to);
            Cuts cuts = new Cuts(text, behavior, out);
            int at = from;
            while (matcher.find()) {
                if (matcher.start() == matcher.end()) {
                    continue;
                }
                cuts.add(at, matcher.start(), invert);
                cuts.add(matcher.start(), matcher.end(), !invert);
                at = matcher.end();
            }
            cuts.add(at, to, invert);
            cuts.end();
        }
    }

    /** Every digit is a piece, or every run of digits. */
    record Digits(boolean individual) implements Splitter {
        @Override
        public void split(String text, int from, int to, Pieces out) {
            Cuts cuts = new Cuts(text, individual ? Behavior.ISOLATED : Behavior.CONTIGUOUS, out);
            int at = from;
            int i = from;
            while (i < to) {
                int c = text.codePointAt(i);
                int end = i + Character.charCount(c);
                if (isNumeric(c)) {
                    cuts.add(at, i, false);
                    cuts.add(i, end, true);
                    at = end;
                }
                i = end;
            }
            cuts.add(at, to, false);
            cuts.end();
        }

        private static boolean isNumeric(int c) {
            return switch (Character.getType(c)) {
                case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
                default -> false;
            };
        }
    }

    /** Turns a sequence of stretches, matched or not, into pieces. */
    final class Cuts {
        private final String text;
        private final Behavior behavior;
        private final Pieces out;
        private int heldFrom = -1;
        private int heldTo;
        private boolean heldMatch;

        Cuts(String text, Behavior behavior, Pieces out) {
            this.text = text;
            this.behavior = behavior;
            this.out = out;
        }

        void add(int from, int to, boolean match) {
            if (from == to) {
                return;
            }
            if (behavior == Behavior.ISOLATED || behavior == Behavior.REMOVED) {
                if (!match || behavior == Behavior.ISOLATED) {
                    out.piece(text, from, to);
                }
                return;
            }
            boolean joins = heldFrom >= 0
                    && switch (behavior) {
                        case MERGED_WITH_PREVIOUS -> match && !heldMatch;
                        case MERGED_WITH_NEXT -> heldMatch && !match;
                        default -> heldMatch == match;
                    };
            if (!joins) {
                end();
                heldFrom = from;
            }
            heldTo = to;
            heldMatch = match;
        }

        void end() {
            if (heldFrom >= 0) {
                out.piece(text, heldFrom, heldTo);
                heldFrom = -1;
            }
        }
    }
}
