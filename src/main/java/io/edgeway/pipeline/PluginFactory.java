package io.edgeway.pipeline;

/**
 * Makes the plugins of one type. Found at build time: the built-in ones are listed by the assembly, others come through
 * {@link java.util.ServiceLoader}.
 *
 * @param <C> the options: an interface that SmallRye Config maps, annotated with {@code @ConfigMapping}
 */
public interface PluginFactory<C> {
    /** The {@code type} that a configuration names. */
    String type();

    Class<C> options();

    /**
     * Makes a plugin without side effects.
     *
     * @param name the instance's name in the configuration
     * @throws IllegalArgumentException if the options contradict each other; the message starts with the option's name
     */
    Plugin create(String name, C options, PluginContext context);
}
