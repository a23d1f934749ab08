package io.edgeway.api;

/** The wire format of an API. */
public enum Dialect {
    /** OpenAI chat completions: https://platform.openai.com/docs/api-reference/chat */
    CHAT("/v1/chat/completions"),
    /** OpenAI text completions: https://platform.openai.com/docs/api-reference/completions */
    COMPLETIONS("/v1/completions"),
    /** OpenAI embeddings: https://platform.openai.com/docs/api-reference/embeddings */
    EMBEDDINGS("/v1/embeddings"),
    /** Reranking as Jina and Cohere shaped it: https://api.jina.ai/redoc#tag/rerank */
    RERANK("/v1/rerank"),
    /** OpenAI responses: https://platform.openai.com/docs/api-reference/responses */
    RESPONSES("/v1/responses"),
    /** Anthropic messages: https://docs.anthropic.com/en/api/messages */
    MESSAGES("/v1/messages");

    private static final Dialect[] ALL = values();

    private final String path;

    Dialect(String path) {
        this.path = path;
    }

    /** The path at which this dialect is served. */
    public String path() {
        return path;
    }

    /** Whether a reply holds text that a model wrote. */
    public boolean generates() {
        return this != EMBEDDINGS && this != RERANK;
    }

    public static Dialect ofPath(String path) {
        for (Dialect dialect : ALL) {
            if (dialect.path.equals(path)) {
                return dialect;
            }
        }
        return null;
    }
}
