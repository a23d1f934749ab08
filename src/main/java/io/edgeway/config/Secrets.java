package io.edgeway.config;

import java.util.regex.Pattern;

/** Knows by their names which options hold secrets. */
final class Secrets {
    private static final Pattern SECRET =
            Pattern.compile("(?:^|[.\\-\"])(?:key|keys\\[\\d+\\]|token|password|secret|authorization|api-key)\"?$",
                    Pattern.CASE_INSENSITIVE);

    private Secrets() {}

    static boolean isSecret(String path) {
        return SECRET.matcher(path).find();
    }
}
