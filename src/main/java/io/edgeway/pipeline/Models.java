package io.edgeway.pipeline;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The models of one gateway, by name. */
public final class Models {
    private final Map<String, Model> byName;

    public Models(List<Model> models) {
        Map<String, Model> map = new LinkedHashMap<>();
        models.forEach(model -> map.put(model.name(), model));
        this.byName = java.util.Collections.unmodifiableMap(map);
    }

    /** The model of that name, or null. */
    public Model find(String name) {
        return byName.get(name);
    }

    public Collection<Model> all() {
        return byName.values();
    }
}
