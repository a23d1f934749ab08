package io.edgeway.plugin.ratelimit;

import io.edgeway.config.Amount;
import io.edgeway.config.RedisConfig;
import io.edgeway.state.FallbackLimitStore;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Options of {@code type: rate-limit}. */
@ConfigMapping(prefix = "plugin.rate-limit")
public interface RateLimitConfig extends LimitsConfig {
    /** Further limits, of other scopes; all of them are taken or none. */
    List<LimitsConfig> also();

    /** What models cost, for limits in money; the models' own prices where absent. */
    Map<String, Price> prices();

    /** Tokens that are reserved for a reply whose request names no bound. */
    @WithDefault("1024")
    int replyEstimate();

    /** Share the counters with other nodes. */
    RedisConfig redis();

    /** Who decides while Redis is away. */
    @WithDefault("local")
    FallbackLimitStore.Policy onStoreFailure();

    /** How many nodes share the counters: what one of them may use while Redis is away. */
    @WithDefault("1")
    int nodes();

    /** Counters kept in memory; beyond it those that were least used are forgotten. */
    @WithDefault("100k")
    Amount maxKeys();

    /** How long an exchange may count as concurrent in Redis when its node died. */
    @WithDefault("15m")
    Duration lease();

    /** Money for a million tokens. */
    interface Price {
        @WithDefault("0")
        String input();

        @WithDefault("0")
        String output();

        /** Of the prompt's tokens that the upstream had cached; the price of input if absent. */
        Optional<String> cachedInput();
    }
}
