package io.edgeway.plugin.router;

import io.edgeway.config.Percent;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Options of {@code type: router}. */
@ConfigMapping(prefix = "plugin.router")
public interface RouterConfig {
    /**
     * How a choice between models begins: {@code order} takes them as the model lists them, {@code difficulty} asks the
     * learnt head, {@code cascade} lets a local model begin and watches its confidence.
     */
    @WithDefault("order")
    Policy policy();

    /** Whether the header x-edgeway-route is obeyed. */
    @WithDefault("true")
    boolean header();

    /** What is decided without a look at the models; the first rule that matches counts. */
    Optional<List<RuleConfig>> rules();

    DifficultyConfig difficulty();

    CascadeConfig cascade();

    LoadConfig load();

    /** Take the cheapest cloud model of a choice first, where prices are known. */
    @WithDefault("false")
    boolean cheapest();

    /** Take the cheapest model of a choice first, a local one before all, while a budget of the caller's is nearly spent. */
    @WithDefault("true")
    boolean save();

    /** Try the next model of a choice when one fails before its first byte. */
    @WithDefault("true")
    boolean failover();

    HedgeConfig hedge();

    GoingOnConfig goingOn();

    /** What is not done for a model, by the name that is asked for; an asterisk names them all. */
    Map<String, List<Behaviour>> off();

    /** What the router does so that an answer comes even so. */
    enum Behaviour {
        /** A local model answers where a cloud cannot begin. */
        LOCAL_STANDS_IN,
        /** A cloud answers where a local model cannot begin. */
        CLOUD_STANDS_IN,
        /** A local model goes on where the stream of a cloud broke. */
        LOCAL_GOES_ON,
        /** A cloud goes on where the stream of a local model broke. */
        CLOUD_GOES_ON,
        /** A local model starts beside a late cloud. */
        HEDGE,
        /** A local model begins and hands over when it is unsure. */
        CASCADE,
        /** What is asked in the background while the link is down is asked again when it is back. */
        BACKGROUND_WAITS
    }

    enum Policy {
        ORDER,
        DIFFICULTY,
        CASCADE
    }

    /** Every condition that is given must hold. */
    interface RuleConfig {
        /** For headers, metrics and logs. */
        String name();

        /** What the request has: tools, images, audio, files, json, json-schema, logprobs. One of them is enough. */
        Optional<List<String>> has();

        /** A regular expression (RE2) that the text of any message holds. */
        Optional<String> match();

        /** Languages of the last user turn, as in de. */
        Optional<List<String>> language();

        /** Estimated tokens of the prompt, from which the rule holds. */
        Optional<Integer> minTokens();

        /** Estimated tokens of the prompt, up to which the rule holds. */
        Optional<Integer> maxTokens();

        /** Tenants whose requests the rule is for. */
        Optional<List<String>> tenants();

        /**
         * {@code local}, {@code cloud}, {@code cheapest}, or the name of a model of the choice. Nothing else answers
         * then.
         */
        String use();
    }

    /** The learnt head on the prompt's embedding. */
    interface DifficultyConfig {
        /** A file with the head's weights, needed for the policy difficulty; a cascade asks it too where it is given. */
        Optional<String> head();

        /** The directory of the embedding model that the head was trained on. */
        @WithDefault("models/minilm")
        String embedder();

        /**
         * The probability that the local model will do from which it is asked; 0.5 if absent, but for a cascade whose
         * judge weighs more than the head: there nothing.
         */
        Optional<Double> threshold();

        /** Keep the share of cloud calls near this instead of a fixed threshold. */
        Optional<Percent> cloudShare();
    }

    /** The local model begins, and goes on only if it is sure. */
    interface CascadeConfig {
        /**
         * A file that tells how likely an answer is right from its first tokens, trained with the model and its head;
         * without one it is {@code judge.json} in the model's directory. {@code bounds} is for neither.
         */
        Optional<String> judge();

        /** With a judge, the probability from which the local model answers. */
        @WithDefault("0.75")
        double agreement();

        /** Without a judge: tokens whose confidence is looked at. */
        @WithDefault("6")
        int tokens();

        /** The mean entropy of these tokens, in nats, above which the exchange moves to the cloud. */
        @WithDefault("1.2")
        double maxEntropy();

        /** The mean margin between the two most likely tokens, below which it moves. */
        @WithDefault("0.35")
        double minMargin();

        /** How an answer begins by which the model itself hands over; the bundled model was trained to say so. */
        @WithDefault("I don't know,I can't do that well,I cannot see live")
        Optional<List<String>> handOver();

        /** How long the local model has for these tokens. */
        @WithDefault("800ms")
        Duration maxDelay();
    }

    /** The wait for the local model against the request's deadline. */
    interface LoadConfig {
        @WithDefault("true")
        boolean enabled();

        /** The longest expected wait for a first local token while a cloud could answer. */
        @WithDefault("2s")
        Duration maxWait();
    }

    /** A local model beside a cloud whose first token is late. */
    interface HedgeConfig {
        @WithDefault("false")
        boolean enabled();

        @WithDefault("95%")
        Percent quantile();

        /** Hedges as a share of cloud calls of the last ten seconds. */
        @WithDefault("5%")
        Percent budget();

        @WithDefault("50ms")
        Duration floor();
    }

    /** Another kind of model goes on where a stream broke. */
    interface GoingOnConfig {
        @WithDefault("true")
        boolean enabled();

        /** Silence within a stream that counts as its end. */
        @WithDefault("8s")
        Duration stall();

        /** Characters of an answer that are kept for going on; a longer answer that breaks is an error. */
        @WithDefault("65536")
        int maxCharacters();
    }
}
