package io.edgeway.plugin.semantic;

import io.edgeway.reuse.Digest;
import io.edgeway.reuse.Recording;
import io.edgeway.vector.VectorIndex;

/** A question that was answered, with its answer and with what was learnt about repeating it. */
final class Entry implements VectorIndex.Item {
    /** Object headers, references and the index's share. */
    private static final int OVERHEAD = 320;

    final long id;
    final Digest partition;
    final String tenant;
    final String model;
    final String prompt;
    final Recording recording;
    /** Entries whose answers were found to agree have one group: different ways to ask the same. */
    final long group;

    final Experience experience = new Experience();
    private final float[] vector;

    Entry(
            long id,
            Digest partition,
            String tenant,
            String model,
            String prompt,
            float[] vector,
            Recording recording,
            long group) {
        this.id = id;
        this.partition = partition;
        this.tenant = tenant;
        this.model = model;
        this.prompt = prompt;
        this.vector = vector;
        this.recording = recording;
        this.group = group;
    }

    @Override
    public float[] vector() {
        return vector;
    }

    int weight() {
        return recording.weight() + vector.length * Float.BYTES + vector.length / 8 + 2 * prompt.length() + OVERHEAD;
    }
}
