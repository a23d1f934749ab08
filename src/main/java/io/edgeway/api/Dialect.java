package io.edgeway.api;

/** The wire format of an API. */
public enum Dialect {
    /** OpenAI chat completions: https://platform.openai.com/docs/api-reference/chat */
    CHAT("/v1/chat/completions"),
    /** OpenAI text completions: https://platform.openai.com/docs/api-reference/completions */
    COMPLETIONS("/v1/completions"),
    /** OpenAI embeddings: https://platform.openai.com/docs/api-reference/embeddings */
    EMBEDDINGS("/v1/embeddings"),
    /** OpenAI responses: https://platform.openai.com/docs/api-reference/responses */
    RESPONSES("/v1/responses"),
    /** Anthropic messages: https://docs.anthropic.com/en/api/messages */
    MESSAGES("/v1/messages");

    private final String path;

    Dialect(String path) {
        this.path = path;
    }

    /** The path at which this dialect is served. */
    public String path() {
        return path;
    }

    public static Dialect ofPath(String path) {
        for (Dialect dialect : values()) {
            if (dialect.path.equals(path)) {
                return dialect;
            }
        }
        return null;
    }
}
