package io.edgeway.plugin.record;

import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Takes out of a text what names a person or opens a door: e-mail addresses, telephone and card numbers, secrets. */
final class Redactor {
    // Possessive throughout, so that no text makes matching slow.
    private static final Pattern SECRET =
            Pattern.compile("-----BEGIN [A-Z ]*+PRIVATE KEY-----[\\s\\S]*?(?:-----END [A-Z ]*+PRIVATE KEY-----|\\z)"
                    + "|\\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{12,}+"
                    + "|\\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|AIza|hf_|npm_)[A-Za-z0-9_-]{12,}+"
                    + "|\\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b"
                    + "|\\beyJ[A-Za-z0-9_-]{8,}+\\.[A-Za-z0-9_-]{8,}+(?:\\.[A-Za-z0-9_-]++)?"
                    + "|(?i:\\bbearer\\s++)[A-Za-z0-9._~+/=-]{12,}+"
                    + "|(?i:\\b(?:password|passwd|secret|api[_-]?key|token)\\s*+[:=]\\s*+)[^\\s,;\"']{4,}+");
    private static final Pattern EMAIL =
            Pattern.compile("(?<![\\w.%+-])[\\w.%+-]{1,64}+@(?:[\\p{L}\\p{N}-]{1,63}+\\.){1,8}+\\p{L}{2,24}+");
    private static final Pattern CARD = Pattern.compile("(?<![\\w-])\\d(?:[ -]?+\\d){12,18}+(?![\\w])");
    private static final Pattern PHONE =
            Pattern.compile("(?<![\\w.,/:+-])(?:\\+|\\(|00)?+\\d(?:[ ().-]{0,2}+\\d){6,14}+(?![\\w])");

    private static final Pattern IP = Pattern.compile("\\d{1,3}(?:\\.\\d{1,3}){3}");

    private Redactor() {}

    static String redact(String text) {
        String out = replace(SECRET, text, "[secret]", match -> true);
        out = replace(EMAIL, out, "[email]", match -> true);
        out = replace(CARD, out, "[card]", Redactor::luhn);
        return replace(PHONE, out, "[phone]", Redactor::dialled);
    }

    private static String replace(Pattern pattern, String text, String by, Predicate<String> holds) {
        Matcher matcher = pattern.matcher(text);
        StringBuilder out = null;
        while (matcher.find()) {
            if (holds.test(matcher.group())) {
                if (out == null) {
                    out = new StringBuilder(text.length());
                }
                matcher.appendReplacement(out, Matcher.quoteReplacement(by));
            }
        }
        return out == null ? text : matcher.appendTail(out).toString();
    }

    /** The check digit that every payment card has. */
    private static boolean luhn(String number) {
        int sum = 0;
        boolean second = false;
        for (int i = number.length() - 1; i >= 0; i--) {
            int digit = number.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                continue;
            }
            if (second && (digit *= 2) > 9) {
                digit -= 9;
            }
            sum += digit;
            second = !second;
        }
        return sum % 10 == 0;
    }

    /** Enough digits for a telephone, and written as one: a bare number may be a sum, a date has too few. */
    private static boolean dialled(String number) {
        long digits = number.chars().filter(c -> c >= '0' && c <= '9').count();
        boolean marked = number.startsWith("+") || number.startsWith("(") || number.startsWith("0");
        boolean grouped = number.chars().anyMatch(c -> c == ' ' || c == '-' || c == ')' || c == '.');
        return digits >= 9 && (marked || grouped) && !IP.matcher(number).matches();
    }
}
