package io.edgeway.pipeline;

/**
 * One turn of a conversation whose client stays connected. A backend that keeps conversations itself leaves here what it
 * kept, and need not be told everything again when it is asked to go on from it. What it left means nothing to anybody
 * else, and may be gone when it is asked.
 */
public final class Turn {
    private final Object before;
    private final int fresh;
    private Object kept;

    /**
     * @param before the turn that this one goes on from, or null
     * @param fresh how many messages at the end of the request neither that turn's request nor its answer holds; 0 where
     *     that cannot be told
     */
    public Turn(Turn before, int fresh) {
        this.before = before == null ? null : before.kept;
        this.fresh = fresh;
    }

    /** What a backend kept of the turn before, or null. */
    public Object before() {
        return before;
    }

    /** Messages at the end of the request that the turn before does not know. */
    public int fresh() {
        return fresh;
    }

    /** Whether a backend kept anything of it. */
    public boolean isKept() {
        return kept != null;
    }

    /** Leaves what the next turn may go on from. */
    public void keep(Object kept) {
        this.kept = kept;
    }
}
