package io.edgeway.plugin.semantic;

import io.edgeway.config.Bytes;
import io.edgeway.config.Percent;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Options of {@code type: semantic-cache}. */
@ConfigMapping(prefix = "plugin.semantic-cache")
public interface SemanticConfig {
    /** The share of repeated answers that may be wrong. */
    @WithDefault("1%")
    Percent maxError();

    /** How sure it must be that the share is not larger. */
    @WithDefault("95%")
    Percent confidence();

    /** Repeat from this similarity on, whatever was learnt; the verifier still refuses. */
    Optional<Double> threshold();

    /** The share of repeated answers that are compared with a fresh one in the background. */
    @WithDefault("5%")
    Percent check();

    /** Background comparisons at the same time. */
    @WithDefault("4")
    int maxChecks();

    /** Two answers agree if they are the same text, or nearer than this and equal in their numbers. */
    @WithDefault("0.9")
    double agreement();

    /** How long an answer is kept. */
    @WithDefault("1h")
    Duration ttl();

    /** Memory for questions, vectors and answers. */
    @WithDefault("128MB")
    Bytes maxBytes();

    /** The most entries. */
    @WithDefault("100000")
    int maxEntries();

    /** The largest answer that is kept. */
    @WithDefault("256KB")
    Bytes maxEntry();

    /** Questions of more tokens are not looked up: a vector says little of a long text. */
    @WithDefault("128")
    int maxPromptTokens();

    /** Who shares answers. */
    @WithDefault("tenant")
    Scope scope();

    /** Request headers that divide the cache, since they change what answers. */
    @WithDefault("x-edgeway-route,openai-beta,anthropic-beta")
    List<String> vary();

    /** The directory of the embedding model. */
    @WithDefault("models/minilm")
    String model();

    /** Threads of one embedding run. */
    @WithDefault("1")
    int threads();

    /** How long a question may wait for others to be embedded with it. */
    @WithDefault("0ms")
    Duration maxDelay();

    enum Scope {
        TENANT,
        KEY
    }
}
