package io.edgeway.plugin.wasm;

/**
 * A header as a module names it, and what the rules say of it.
 *
 * @param pseudo whether it is one of those that begin with a colon
 * @param secret whether it is shown only to modules that may see credentials
 * @param changeable whether a module may change it, if it may see it
 */
record HeaderName(String text, boolean pseudo, boolean secret, boolean changeable) {
    static HeaderName of(String text) {
        boolean pseudo = text.startsWith(":");
        return new HeaderName(
                text,
                pseudo,
                HeaderRules.secret(text),
                !pseudo && HeaderRules.mayChange(text) && HeaderRules.token(text));
    }
}
