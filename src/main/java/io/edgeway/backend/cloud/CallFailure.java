package io.edgeway.backend.cloud;

import io.edgeway.api.ApiException;
import io.edgeway.backend.cloud.breaker.Fault;

/**
 * How a call failed before its reply began.
 *
 * @param fault who is to blame
 * @param error what the client is told if nothing else answers
 * @param retryAfterMillis how long the upstream asks us to wait, or -1
 */
record CallFailure(Fault fault, ApiException error, long retryAfterMillis) {
    static CallFailure upstream(ApiException error) {
        return new CallFailure(Fault.UPSTREAM, error, -1);
    }
}
