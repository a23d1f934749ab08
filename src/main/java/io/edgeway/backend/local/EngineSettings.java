package io.edgeway.backend.local;

import io.edgeway.config.GatewayConfig;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How a model is run.
 *
 * @param context tokens of prompt and reply together; 0 takes the model's own bound
 * @param queue requests that may wait for a slot
 * @param speculation how next tokens are guessed where a request is alone
 * @param unloadAfter how long a model stays without a request; zero keeps it
 */
public record EngineSettings(
        Path directory,
        int threads,
        int slots,
        int context,
        int queue,
        long prefixCacheBytes,
        boolean spin,
        GatewayConfig.LocalConfig.Kv kv,
        GatewayConfig.LocalConfig.Speculation speculation,
        Duration unloadAfter) {

    /** Names the engine among a node's; written out, since the compiler's would be interpreted in the binary. */
    String key() {
        return directory + " " + threads + ' ' + slots + ' ' + context + ' ' + queue + ' ' + prefixCacheBytes + ' '
                + spin + ' ' + kv + ' ' + speculation + ' ' + unloadAfter;
    }

    /** Whether keys and values are to be kept in 16 bits where that is possible. */
    boolean halves() {
        return kv == GatewayConfig.LocalConfig.Kv.AUTO || kv == GatewayConfig.LocalConfig.Kv.FP16;
    }

    /** @param exact whether tokens that are checked together get the numbers that they would get one by one */
    boolean guesses(boolean exact) {
        return switch (speculation) {
            case AUTO -> exact;
            case NONE -> false;
            case PROMPT_LOOKUP -> true;
        };
    }

    /** For measuring the forward pass alone: no queue, no prefixes. */
    public static EngineSettings bare(
            Path directory, int threads, int slots, boolean spin, GatewayConfig.LocalConfig.Kv kv) {
        return new EngineSettings(
                directory,
                threads,
                slots,
                0,
                0,
                0,
                spin,
                kv,
                GatewayConfig.LocalConfig.Speculation.NONE,
                Duration.ZERO);
    }

    static EngineSettings of(GatewayConfig.LocalConfig config, Path directory) {
        return new EngineSettings(
                directory,
                config.threads(),
                config.slots(),
                config.context(),
                config.queue(),
                config.prefixCache().value(),
                config.spin(),
                config.kv(),
                config.speculation(),
                config.unloadAfter());
    }
}
