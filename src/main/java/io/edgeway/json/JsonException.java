package io.edgeway.json;

/** Text that is not the JSON that was asked for; the message says where and why, and never quotes the text. */
public final class JsonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public JsonException(String message) {
        super(message, null, false, false);
    }
}
