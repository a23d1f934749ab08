package io.edgeway.pipeline;

/**
 * How busy a backend on this node is, and how fast.
 *
 * @param slots requests that it decodes at the same time
 * @param active requests that hold a slot
 * @param waiting requests that wait for one
 * @param waitNanos expected time until a request that came now would get a slot
 * @param prefillPerSecond measured tokens of prompt per second, of one request; 0 while nothing was measured
 * @param decodePerSecond measured tokens of reply per second, of one request at the present load; 0 as above
 */
public record Load(
        int slots, int active, int waiting, long waitNanos, double prefillPerSecond, double decodePerSecond) {

    /** Expected time until the first token of a request that came now. */
    public long firstTokenNanos(int promptTokens) {
        return waitNanos + nanos(promptTokens, prefillPerSecond);
    }

    /** Expected time until the last token of a request that came now. */
    public long finishNanos(int promptTokens, int completionTokens) {
        return firstTokenNanos(promptTokens) + nanos(completionTokens, decodePerSecond);
    }

    private static long nanos(int tokens, double perSecond) {
        return perSecond > 0 ? (long) (tokens * 1e9 / perSecond) : 0;
    }
}
