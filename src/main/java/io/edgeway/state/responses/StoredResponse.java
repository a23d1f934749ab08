package io.edgeway.state.responses;

/**
 * A response and what led to it, as JSON texts.
 *
 * @param response the response object
 * @param input the array of all items that it answers, those of earlier turns included
 */
public record StoredResponse(byte[] response, byte[] input) {
    /** Bytes that it takes. */
    public int weight() {
        return response.length + input.length;
    }
}
