package io.edgeway.jinja;

/**
 * The value of a name or item that does not exist.
 *
 * <p>It prints as nothing, is false, empty and equal to any other of its kind; every other use fails with its message.
 */
record Undefined(String message) {
    @Override
    public boolean equals(Object other) {
        return other instanceof Undefined;
    }

    @Override
    public int hashCode() {
        return 1;
    }

    TemplateException failure() {
        return TemplateException.runtime(message);
    }
}
