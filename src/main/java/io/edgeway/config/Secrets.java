package io.edgeway.config;

import java.util.regex.Pattern;

/** Knows by their names which options hold secrets. */
final class Secrets {
    private static final Pattern SECRET = Pattern.compile(
            "(?:^|[.\\-\"])(?:key|keys\\[\\d+\\]|token|password|secret|authorization|api-key)\"?$",
            Pattern.CASE_INSENSITIVE);

    /** A URL's user and password, where they are written out. */
    private static final Pattern USER_INFO = Pattern.compile("://[^/@\\s$]+@");

    private Secrets() {}

    static String withoutUserInfo(String value) {
        return USER_INFO.matcher(value).replaceAll("://***@");
    }

    static boolean isSecret(String path) {
        return SECRET.matcher(path).find();
    }
}
