package io.edgeway.pipeline;

import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.function.Supplier;

/** What a gateway offers its plugins. */
public interface PluginContext {
    Vertx vertx();

    MeterRegistry meters();

    /** The gateway's models; complete when {@link Plugin#start} runs, not yet in the factory. */
    Models models();

    /** Whether the configuration has a model of that name, be it that it is left out now because its key is missing. */
    default boolean configures(String model) {
        return models().find(model) != null;
    }

    /** A file named in the configuration, relative to the configuration's directory. */
    Path resolve(String file);

    /** Where this node keeps what must outlive a restart. */
    Path stateDirectory();

    /**
     * Something that outlives a reload as long as the new configuration asks for it by the same key: a cache, counters,
     * a loaded model. Closed, if it is {@link AutoCloseable}, when the last gateway that used it has gone.
     */
    <T> T shared(String key, Supplier<T> make);
}
