package io.edgeway.trace;

import io.edgeway.api.Dialect;

/**
 * Names of attributes.
 *
 * @see <a href="https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/">GenAI spans</a>
 * @see <a href="https://opentelemetry.io/docs/specs/semconv/http/http-spans/">HTTP spans</a>
 */
public final class Names {
    public static final String OPERATION = "gen_ai.operation.name";
    public static final String PROVIDER = "gen_ai.provider.name";
    public static final String REQUEST_MODEL = "gen_ai.request.model";
    public static final String REQUEST_STREAM = "gen_ai.request.stream";
    public static final String REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens";
    public static final String REQUEST_TEMPERATURE = "gen_ai.request.temperature";
    public static final String RESPONSE_MODEL = "gen_ai.response.model";
    /** In seconds. */
    public static final String FIRST_CHUNK = "gen_ai.response.time_to_first_chunk";

    public static final String INPUT_TOKENS = "gen_ai.usage.input_tokens";
    public static final String OUTPUT_TOKENS = "gen_ai.usage.output_tokens";
    public static final String CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens";

    public static final String ERROR_TYPE = "error.type";
    public static final String HTTP_ROUTE = "http.route";
    public static final String HTTP_STATUS = "http.response.status_code";
    public static final String SERVER_ADDRESS = "server.address";
    public static final String SERVER_PORT = "server.port";

    public static final String REQUEST_ID = "edgeway.request.id";
    public static final String BACKEND = "edgeway.backend";
    public static final String ROUTE = "edgeway.route";
    public static final String CACHE = "edgeway.cache";
    public static final String TENANT = "edgeway.tenant";
    public static final String OUTCOME = "edgeway.outcome";
    public static final String UPSTREAM = "edgeway.upstream";
    public static final String HEDGE = "edgeway.hedge";

    private Names() {}

    /** The value of {@link #OPERATION}. */
    public static String operation(Dialect dialect) {
        return switch (dialect) {
            case EMBEDDINGS -> "embeddings";
            case COMPLETIONS -> "text_completion";
            default -> "chat";
        };
    }
}
