package io.edgeway.pipeline;

import java.util.List;

/**
 * A name that clients ask for, resolved to one backend or to a choice between several other models.
 *
 * @param choices names of the models to choose from, in order of preference; where {@code backend} is set, names of
 *     the models to fall back to
 * @param backend what answers; null for a choice
 * @param contextLength tokens of prompt and reply together; 0 where that is unknown
 * @param created seconds since the epoch, for the list of models
 * @param price what tokens cost, or null where that is unknown
 */
public record Model(
        String name, Kind kind, Backend backend, List<String> choices, int contextLength, long created, Price price) {
    /**
     * Money per million tokens.
     *
     * @param cachedInput of the prompt's tokens that the upstream had cached
     */
    public record Price(double input, double output, double cachedInput) {}

    public Model(String name, Kind kind, Backend backend, List<String> choices, int contextLength, long created) {
        this(name, kind, backend, choices, contextLength, created, null);
    }

    public enum Kind {
        LOCAL,
        CLOUD,
        CHOICE
    }
}
