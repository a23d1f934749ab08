package io.edgeway.pipeline;

import java.util.List;

/**
 * A name that clients ask for, resolved to one backend or to a choice between several other models.
 *
 * @param choices names of the models to choose from, in order of preference; empty where {@code backend} is set
 * @param backend what answers; null for a choice
 * @param created seconds since the epoch, for the list of models
 */
public record Model(String name, Kind kind, Backend backend, List<String> choices, int contextLength, long created) {
    public enum Kind {
        LOCAL,
        CLOUD,
        CHOICE
    }
}
