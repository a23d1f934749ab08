package io.edgeway.pipeline;

/** What a plugin asks of the router or a backend beyond the request itself. A backend that cannot do it ignores it. */
public final class Hints {
    /**
     * The beginning of the answer, which the client has already: the backend goes on right after it. Its reply holds
     * only what follows.
     */
    public static final Fact<String> CONTINUE_FROM = Fact.named("continue-from");

    /** Report how sure the first tokens are. */
    public static final Fact<Confidence.Probe> PROBE = Fact.named("confidence-probe");

    /** Admission to the backends of this node, where a plugin before the router keeps it. */
    public static final Fact<Admission> ADMISSION = Fact.named("admission");

    /** Why the exchange must not leave this node, where a plugin before the router found a reason. */
    public static final Fact<String> STAYS = Fact.named("stays");

    /** Nobody waits for the answer: where exchanges queue, others go first. */
    public static final Fact<Boolean> BACKGROUND = Fact.named("background");

    /**
     * Why another model answered than the one that was meant to, because that one failed. An answer to show now, not one
     * to keep and show again.
     */
    public static final Fact<String> STAND_IN = Fact.named("stand-in");

    /** A budget of the caller's that is nearly spent, by its name: what costs less is to be preferred. */
    public static final Fact<String> LOW_BUDGET = Fact.named("low-budget");

    /** An answer in the background is not put off until the link is back. */
    public static final Fact<Boolean> NOT_LATER = Fact.named("not-later");

    /** The turn of a conversation that the exchange is, where its client stays connected. */
    public static final Fact<Turn> TURN = Fact.named("turn");

    private Hints() {}
}
