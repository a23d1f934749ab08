package io.edgeway.grammar;

import java.util.ArrayList;
import java.util.List;

/**
 * A regular expression in the dialect of JSON Schema (ECMA-262), as a nondeterministic automaton over characters.
 *
 * <p>Look-around, back references, word boundaries, Unicode properties, and anchors inside groups are refused.
 */
final class Pattern {
    private static final int MAX_LENGTH = 2_000;
    private static final int MAX_STATES = 5_000;
    private static final int MAX_NODES = 100_000;

    private static final Characters DIGIT = Characters.of('0', '9');
    private static final Characters WORD =
            DIGIT.or(Characters.of('a', 'z')).or(Characters.of('A', 'Z')).or(Characters.of('_', '_'));
    private static final Characters SPACE = Characters.of('\t', '\r')
            .or(Characters.of(' ', ' '))
            .or(Characters.of(0xa0, 0xa0))
            .or(Characters.of(0x1680, 0x1680))
            .or(Characters.of(0x2000, 0x200a))
            .or(Characters.of(0x2028, 0x2029))
            .or(Characters.of(0x202f, 0x202f))
            .or(Characters.of(0x205f, 0x205f))
            .or(Characters.of(0x3000, 0x3000))
            .or(Characters.of(0xfeff, 0xfeff));
    private static final Characters LINE_END =
            Characters.of('\n', '\n').or(Characters.of('\r', '\r')).or(Characters.of(0x2028, 0x2029));

    private record Step(Characters characters, int to) {}

    private final String path;
    private final int[] source;
    private final List<List<Step>> steps = new ArrayList<>();
    private final List<List<Integer>> jumps = new ArrayList<>();
    private int at;
    private int depth;

    private Pattern(String path, String source) {
        this.path = path;
        this.source = source.codePoints().toArray();
    }

    /** What can be built in front of a state: answers the state in which it begins. */
    private interface Piece {
        int before(int next);
    }

    /** A node that takes the rest of a JSON string, after its opening quote, whose text matches. */
    static Node compile(String path, String source, int minLength, int maxLength, Node to) {
        var pattern = new Pattern(path, source);
        if (source.length() > MAX_LENGTH) {
            throw pattern.refused("the expression is longer than " + MAX_LENGTH + " characters");
        }
        int end = pattern.state();
        var anything = pattern.star(next -> pattern.take(Characters.ANY, next));
        int start = pattern.alternatives(anything).before(end);
        return pattern.nodes(start, end, minLength, maxLength, to);
    }

    /** The branches of the whole expression, each with free text where it has no anchor. */
    private Piece alternatives(Piece anything) {
        var branches = new ArrayList<Piece>();
        do {
            boolean anchored = skip('^');
            var body = sequence(true);
            boolean ended = skip('$');
            branches.add(next -> {
                int inner = body.before(ended ? next : anything.before(next));
                return anchored ? inner : anything.before(inner);
            });
        } while (skip('|'));
        if (at < source.length) {
            throw refused("'" + Character.toString(source[at]) + "' is out of place");
        }
        return either(branches);
    }

    private Piece group() {
        var branches = new ArrayList<Piece>();
        do {
            branches.add(sequence(false));
        } while (skip('|'));
        return either(branches);
    }

    private Piece either(List<Piece> branches) {
        return next -> {
            int start = state();
            for (var branch : branches) {
                jumps.get(start).add(branch.before(next));
            }
            return start;
        };
    }

    private Piece sequence(boolean top) {
        if (++depth > 64) {
            throw refused("groups nest too deeply");
        }
        var pieces = new ArrayList<Piece>();
        while (at < source.length && source[at] != '|' && source[at] != ')') {
            if (source[at] == '^' || source[at] == '$') {
                if (top && source[at] == '$') {
                    break;
                }
                throw refused("an anchor inside the expression is not supported");
            }
            pieces.add(quantified(atom()));
        }
        depth--;
        return next -> {
            int start = next;
            for (var piece : pieces.reversed()) {
                start = piece.before(start);
            }
            return start;
        };
    }

    private Piece quantified(Piece atom) {
        int min;
        int max;
        if (skip('*')) {
            min = 0;
            max = -1;
        } else if (skip('+')) {
            min = 1;
            max = -1;
        } else if (skip('?')) {
            min = 0;
            max = 1;
        } else if (at < source.length && source[at] == '{' && at + 1 < source.length && isDigit(source[at + 1])) {
            at++;
            min = integer();
            max = min;
            if (skip(',')) {
                max = at < source.length && isDigit(source[at]) ? integer() : -1;
            }
            if (!skip('}')) {
                throw refused("a malformed {count}");
            }
            if (max >= 0 && max < min) {
                throw refused("a count whose maximum is below its minimum");
            }
        } else {
            return atom;
        }
        skip('?');
        if (at < source.length && (source[at] == '*' || source[at] == '+' || source[at] == '?')) {
            throw refused("a quantifier follows a quantifier");
        }
        return repeated(atom, min, max);
    }

    /** @param max negative when there is none */
    private Piece repeated(Piece atom, int min, int max) {
        return next -> {
            int start = max < 0 ? star(atom).before(next) : next;
            for (int i = min; i < max; i++) {
                start = atom.before(start);
                jumps.get(start).add(next);
            }
            for (int i = 0; i < min; i++) {
                start = atom.before(start);
            }
            return start;
        };
    }

    private Piece star(Piece atom) {
        return next -> {
            int loop = state();
            jumps.get(loop).add(atom.before(loop));
            jumps.get(loop).add(next);
            return loop;
        };
    }

    private Piece atom() {
        int c = source[at++];
        switch (c) {
            case '.' -> {
                return one(Characters.ANY.without(LINE_END));
            }
            case '[' -> {
                return one(characterClass());
            }
            case '(' -> {
                if (skip('?')) {
                    if (skip('<') && at < source.length && source[at] != '=' && source[at] != '!') {
                        while (at < source.length && !skip('>')) {
                            at++;
                        }
                    } else if (!skip(':')) {
                        throw refused("look-around is not supported");
                    }
                }
                var group = group();
                if (!skip(')')) {
                    throw refused("a group is never closed");
                }
                return group;
            }
            case '\\' -> {
                return one(escape(false));
            }
            case '*', '+', '?' -> throw refused("'" + Character.toString(c) + "' has nothing to repeat");
            default -> {
                return one(Characters.of(c, c));
            }
        }
    }

    private Characters characterClass() {
        boolean negated = skip('^');
        var set = Characters.none();
        while (true) {
            if (at >= source.length) {
                throw refused("a character class is never closed");
            }
            if (skip(']')) {
                break;
            }
            var from = classMember();
            if (at + 1 < source.length && source[at] == '-' && source[at + 1] != ']') {
                at++;
                var through = classMember();
                if (!single(from) || !single(through) || first(from) > first(through)) {
                    throw refused("a malformed range in a character class");
                }
                from = Characters.of(first(from), first(through));
            }
            set = set.or(from);
        }
        return negated ? Characters.ANY.without(set) : set.and(Characters.ANY);
    }

    private static boolean single(Characters set) {
        return set.ranges().size() == 1
                && set.ranges().getFirst()[0] == set.ranges().getFirst()[1];
    }

    private static int first(Characters set) {
        return set.ranges().getFirst()[0];
    }

    private Characters classMember() {
        int c = source[at++];
        return c == '\\' ? escape(true) : Characters.of(c, c);
    }

    private Characters escape(boolean inClass) {
        if (at >= source.length) {
            throw refused("it ends in a backslash");
        }
        int c = source[at++];
        return switch (c) {
            case 'd' -> DIGIT;
            case 'D' -> Characters.ANY.without(DIGIT);
            case 'w' -> WORD;
            case 'W' -> Characters.ANY.without(WORD);
            case 's' -> SPACE;
            case 'S' -> Characters.ANY.without(SPACE);
            case 't' -> Characters.of('\t', '\t');
            case 'n' -> Characters.of('\n', '\n');
            case 'r' -> Characters.of('\r', '\r');
            case 'f' -> Characters.of('\f', '\f');
            case 'v' -> Characters.of(0x0b, 0x0b);
            case '0' -> Characters.of(0, 0);
            case 'x' -> hex(2);
            case 'u' -> {
                if (skip('{')) {
                    int start = at;
                    while (at < source.length && source[at] != '}') {
                        at++;
                    }
                    int digits = at - start;
                    at = start;
                    var result = hex(digits);
                    at++;
                    yield result;
                }
                yield hex(4);
            }
            case 'b' -> {
                if (inClass) {
                    yield Characters.of('\b', '\b');
                }
                throw refused("\\b is not supported");
            }
            default -> {
                if (c >= '1' && c <= '9') {
                    throw refused("back references are not supported");
                }
                if (c < 128 && Character.isLetter(c)) {
                    throw refused("\\" + Character.toString(c) + " is not supported");
                }
                yield Characters.of(c, c);
            }
        };
    }

    private Characters hex(int digits) {
        int value = 0;
        for (int i = 0; i < digits; i++) {
            int digit = at < source.length ? Character.digit(source[at++], 16) : -1;
            if (digit < 0 || digits > 6) {
                throw refused("a malformed escape");
            }
            value = value * 16 + digit;
        }
        if (digits == 0 || value > Character.MAX_CODE_POINT || value >= 0xd800 && value <= 0xdfff) {
            throw refused("an escape that is no character");
        }
        return Characters.of(value, value);
    }

    private int integer() {
        int value = 0;
        while (at < source.length && isDigit(source[at])) {
            value = Math.min(value * 10 + source[at++] - '0', MAX_STATES + 1);
        }
        return value;
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private boolean skip(char c) {
        boolean found = at < source.length && source[at] == c;
        at += found ? 1 : 0;
        return found;
    }

    private Piece one(Characters characters) {
        return next -> take(characters, next);
    }

    private int take(Characters characters, int next) {
        int state = state();
        if (!characters.isEmpty()) {
            steps.get(state).add(new Step(characters, next));
        }
        return state;
    }

    private int state() {
        if (steps.size() >= MAX_STATES) {
            throw refused("the expression is too large");
        }
        steps.add(new ArrayList<>());
        jumps.add(new ArrayList<>());
        return steps.size() - 1;
    }

    /** One node for each state and number of characters that makes a difference. */
    private Node nodes(int start, int end, int minLength, int maxLength, Node to) {
        boolean bounded = maxLength != Node.Loop.UNBOUNDED;
        int counts = bounded ? maxLength + 1 : minLength + 1;
        if (bounded && maxLength < minLength || (long) counts * steps.size() > MAX_NODES) {
            throw refused("with these lengths the expression is too large; bound it by its own {counts} instead");
        }
        var splits = new Node.Split[counts][steps.size()];
        for (var row : splits) {
            for (int s = 0; s < row.length; s++) {
                row[s] = new Node.Split();
            }
        }
        for (int n = 0; n < counts; n++) {
            int after = bounded ? n + 1 : Math.min(n + 1, counts - 1);
            for (int s = 0; s < steps.size(); s++) {
                for (int jump : jumps.get(s)) {
                    splits[n][s].ways.add(splits[n][jump]);
                }
                for (var step : steps.get(s)) {
                    if (after < counts) {
                        splits[n][s].ways.add(JsonRules.written(step.characters, splits[after][step.to]));
                    }
                }
            }
            if (n >= minLength) {
                splits[n][end].ways.add(to);
            }
        }
        return splits[0][start];
    }

    private GrammarException refused(String why) {
        return new GrammarException(path, "pattern: " + why);
    }
}
