package io.edgeway.backend.local;

import java.util.List;
import java.util.function.Supplier;

/**
 * One reply to make.
 *
 * @param tenant whose kept prefixes it may use
 * @param prompt at least one token, fewer than the context holds
 * @param mask makes what the reply may hold, or null
 * @param stops strings that end the reply and are not part of it
 * @param deadlineNanos the value of {@code System.nanoTime()} by which it must be done; {@code MAX_VALUE} if none
 * @param probeTokens of how many first tokens the confidence is reported; 0 reports none
 */
public record GenerationRequest(
        String tenant,
        int[] prompt,
        int maxTokens,
        Sampling sampling,
        Supplier<TokenMask> mask,
        List<String> stops,
        long deadlineNanos,
        int probeTokens) {}
