package io.edgeway.plugin.cache;

import io.edgeway.reuse.Recording;

/** An answer in the store, with what it is looked at and purged by. */
record Entry(String tenant, String model, Recording recording) {
    int weight() {
        return recording.weight() + tenant.length() + model.length();
    }
}
