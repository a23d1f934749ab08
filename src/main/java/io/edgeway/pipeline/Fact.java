package io.edgeway.pipeline;

/**
 * A typed name for something that one plugin learns about an exchange and another may use, such as the embedding of the
 * last user turn. Declared once as a constant; identity is the key.
 */
public final class Fact<T> {
    private final String name;

    private Fact(String name) {
        this.name = name;
    }

    public static <T> Fact<T> named(String name) {
        return new Fact<>(name);
    }

    @Override
    public String toString() {
        return name;
    }
}
