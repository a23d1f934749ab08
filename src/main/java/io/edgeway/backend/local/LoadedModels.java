package io.edgeway.backend.local;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jboss.logging.Logger;

/** The models of this process that are in memory. Before another is read, it must fit; those unused longest make room. */
public final class LoadedModels {
    private static final Logger LOG = Logger.getLogger(LoadedModels.class);
    private static final long UNLOAD_MILLIS = 2000;

    /** Weights as the runtime packs them anew, beside the mapped file. */
    private static final double PACKING = 2.0;

    /** What a session takes besides its weights. */
    private static final long OVERHEAD_BYTES = 48L << 20;

    private final List<Engine> engines = new ArrayList<>();
    private final Memory memory;

    public LoadedModels(Memory memory) {
        this.memory = memory;
    }

    /** @throws ModelException if the model does not fit even after others made room */
    synchronized void makeRoom(Engine engine, ModelDirectory directory) {
        if (!engines.contains(engine)) {
            engines.add(engine);
        }
        long needed = (long) (directory.size() * PACKING) + OVERHEAD_BYTES;
        while (memory.available() < needed) {
            Engine oldest = engines.stream()
                    .filter(other -> other != engine && other.loaded() && other.active() == 0 && other.waiting() == 0)
                    .min(Comparator.comparingLong(Engine::usedNanos))
                    .orElse(null);
            if (oldest == null) {
                throw new ModelException("the model in " + directory.path() + " needs about " + (needed >> 20)
                        + " MB of memory, and " + (memory.available() >> 20) + " MB are free");
            }
            LOG.infof("Unloading '%s' to make room for '%s'", oldest.name(), engine.name());
            if (!oldest.unloadIfIdle(UNLOAD_MILLIS)) {
                engines.remove(oldest);
            }
        }
    }
}
