package io.edgeway.plugin.router;

import io.edgeway.plugin.router.RouterConfig.Behaviour;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is switched off, for every model and for single ones. */
final class Switches {
    private static final String ALL = "*";

    private final Set<Behaviour> everywhere = EnumSet.noneOf(Behaviour.class);
    private final Map<String, Set<Behaviour>> byModel = new HashMap<>();

    Switches(Map<String, List<Behaviour>> off) {
        everywhere.addAll(off.getOrDefault(ALL, List.of()));
        off.forEach((model, behaviours) -> {
            if (!model.equals(ALL)) {
                EnumSet<Behaviour> set = EnumSet.copyOf(everywhere);
                set.addAll(behaviours);
                byModel.put(model, set);
            }
        });
    }

    /** Models that are named. */
    Set<String> models() {
        return byModel.keySet();
    }

    /** @param asked the model that the client asked for */
    boolean on(Behaviour behaviour, String asked) {
        return !byModel.getOrDefault(asked, everywhere).contains(behaviour);
    }
}
