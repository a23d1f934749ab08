package io.edgeway.api;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.json.JsonIndex;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A request that cannot be answered as asked: a status and the members of OpenAI's error envelope. The message says
 * what was wrong and how to mend it, and holds no secret.
 */
public final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String type;
    private final String param;
    private final String code;
    private long retryAfterMillis = -1;
    private transient byte[] body;

    public ApiException(int status, String type, String code, String param, String message) {
        super(message, null, false, false);
        this.status = status;
        this.type = type;
        this.code = code;
        this.param = param;
    }

    public static ApiException badRequest(String param, String code, String message) {
        return new ApiException(400, "invalid_request_error", code, param, message);
    }

    public static ApiException badRequest(String param, String message) {
        return badRequest(param, null, message);
    }

    public static ApiException unauthorized(String message) {
        return new ApiException(401, "invalid_request_error", "invalid_api_key", null, message);
    }

    public static ApiException forbidden(String code, String message) {
        return new ApiException(403, "permission_error", code, null, message);
    }

    public static ApiException notFound(String param, String code, String message) {
        return new ApiException(404, "invalid_request_error", code, param, message);
    }

    public static ApiException modelNotFound(String model) {
        return notFound(
                "model",
                "model_not_found",
                "The model '" + abbreviate(model)
                        + "' does not exist or you do not have access to it. GET /v1/models lists those that do.");
    }

    public static ApiException tooLarge(long limit) {
        return new ApiException(
                413,
                "invalid_request_error",
                "request_too_large",
                null,
                "The request body is larger than the limit of " + limit
                        + " bytes. Send less, or raise edgeway.server.max-body.");
    }

    /** A limit was reached; {@code code} is {@code rate_limit_exceeded} or {@code insufficient_quota}. */
    public static ApiException tooMany(String code, String message, long retryAfterMillis) {
        return new ApiException(429, "rate_limit_error", code, null, message).retryAfterMillis(retryAfterMillis);
    }

    /** The client closed the exchange: nobody reads this, but logs and metrics do. */
    public static ApiException clientClosed() {
        return new ApiException(499, "client_error", "client_closed_request", null, "The client closed the request.");
    }

    public static ApiException internal() {
        return new ApiException(
                500, "server_error", "internal_error", null, "edgeway failed to answer. The log has the request's id.");
    }

    public static ApiException upstream(String code, String message) {
        return new ApiException(502, "upstream_error", code, null, message);
    }

    public static ApiException unavailable(String code, String message, long retryAfterMillis) {
        return new ApiException(503, "server_error", code, null, message).retryAfterMillis(retryAfterMillis);
    }

    public static ApiException timeout(String code, String message) {
        return new ApiException(504, "timeout_error", code, null, message);
    }

    public ApiException retryAfterMillis(long millis) {
        retryAfterMillis = millis;
        return this;
    }

    /** Relays an error body as an upstream wrote it. */
    public ApiException body(byte[] verbatim) {
        body = verbatim;
        return this;
    }

    public int status() {
        return status;
    }

    public String type() {
        return type;
    }

    public String code() {
        return code;
    }

    public String param() {
        return param;
    }

    /** How long the client should wait, or a negative number where that is unknown. */
    public long retryAfterMillis() {
        return retryAfterMillis;
    }

    /** What to say in the envelope of another dialect: what the upstream said, where its error is relayed. */
    public String told() {
        try {
            return body != null
                            && JsonIndex.of(body).value("error") instanceof Map<?, ?> error
                            && error.get("message") instanceof String message
                    ? message
                    : getMessage();
        } catch (JsonException e) {
            return getMessage();
        }
    }

    /** OpenAI's envelope: {@code {"error":{"message","type","param","code"}}}. */
    public byte[] envelope() {
        if (body != null) {
            return body;
        }
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("message", getMessage());
        error.put("type", type);
        error.put("param", param);
        error.put("code", code);
        return Json.write(Map.of("error", error));
    }

    /** A name that came from outside, short enough for a message. */
    public static String abbreviate(String text) {
        return text.length() <= 128 ? text : text.substring(0, 128) + "...";
    }
}
