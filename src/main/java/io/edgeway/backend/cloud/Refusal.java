package io.edgeway.backend.cloud;

import io.edgeway.api.ApiException;
import io.edgeway.backend.cloud.breaker.Fault;
import io.edgeway.backend.cloud.retry.RetryAfter;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** Tells what a status other than 200 means: for the retries, and for the client. */
final class Refusal {
    private Refusal() {}

    static CallFailure of(Upstream upstream, int status, MultiMap headers, Buffer body) {
        long wait = RetryAfter.millis(headers.get("retry-after"), headers.get("retry-after-ms"), Instant.now());
        Fault fault = Fault.ofStatus(status);
        String who = "The upstream " + upstream.name();
        ApiException error =
                switch (fault) {
                    case KEY ->
                        ApiException.upstream(
                                "upstream_auth",
                                who + " refused edgeway's key with status " + status + "; the operator must mend it.");
                    case PACE -> ApiException.tooMany("upstream_rate_limit", who + " is at its limit.", wait);
                    case REQUEST -> refused(upstream, status, who, body);
                    default ->
                        status == 503 || status == 529
                                ? ApiException.unavailable("upstream_unavailable", who + " is unavailable.", wait)
                                : ApiException.upstream(
                                        "upstream_error", who + " answered with status " + status + '.');
                };
        return new CallFailure(fault == Fault.NONE ? Fault.UPSTREAM : fault, error, wait);
    }

    private static ApiException refused(Upstream upstream, int status, String who, Buffer body) {
        ApiException error = new ApiException(
                status,
                "invalid_request_error",
                "upstream_error",
                null,
                who + " refused the request with status " + status + '.');
        byte[] envelope = upstream.dialect().error(body);
        boolean safe = envelope != null && !upstream.keys().leaksInto(new String(envelope, StandardCharsets.UTF_8));
        return safe ? error.body(envelope) : error;
    }
}
