package io.edgeway.api.messages;

import io.edgeway.api.ApiException;
import io.edgeway.json.Json;
import java.util.Map;

/** Anthropic's envelope of an error: {@code {"type":"error","error":{"type","message"},"request_id"}}. */
public final class MessagesError {
    private MessagesError() {}

    public static byte[] envelope(ApiException failure, String requestId) {
        Map<String, Object> error = Json.object("type", type(failure.status()), "message", failure.told());
        Map<String, Object> envelope = Json.object("type", "error", "error", error, "request_id", requestId);
        return Json.write(envelope);
    }

    private static String type(int status) {
        return switch (status) {
            case 400, 422 -> "invalid_request_error";
            case 401 -> "authentication_error";
            case 402 -> "billing_error";
            case 403 -> "permission_error";
            case 404 -> "not_found_error";
            case 413 -> "request_too_large";
            case 429 -> "rate_limit_error";
            case 503, 529 -> "overloaded_error";
            case 504 -> "timeout_error";
            default -> "api_error";
        };
    }
}
