package io.edgeway.plugin.wasm;

import org.jspecify.annotations.Nullable;

/**
 * A property as a module names it.
 *
 * @param path its segments, divided by dots
 * @param header the header of the request that it is, if it is one
 * @param reader finds its value
 */
record Property(String path, @Nullable HeaderName header, Reader reader) {
    private static final String HEADERS = "request.headers.";

    /** Finds a property's value in an exchange. */
    @FunctionalInterface
    interface Reader {
        byte @Nullable [] read(Visit visit);
    }

    /** @param raw the path as modules write it: segments are divided by zero bytes, and may end with one */
    static Property of(String raw) {
        int end = raw.endsWith("\0") ? raw.length() - 1 : raw.length();
        String path = raw.substring(0, end).replace('\0', '.');
        HeaderName header = path.startsWith(HEADERS) ? HeaderName.of(path.substring(HEADERS.length())) : null;
        return new Property(path, header, Facts.reader(path));
    }
}
