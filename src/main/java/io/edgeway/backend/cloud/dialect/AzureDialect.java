package io.edgeway.backend.cloud.dialect;

import io.edgeway.pipeline.Exchange;
import io.vertx.core.MultiMap;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Azure OpenAI: OpenAI's format under other addresses and another header. A URL that ends in {@code /openai/v1} is the
 * new API, which takes the deployment as the model; any other is the resource, below which each deployment has a path.
 */
public final class AzureDialect extends OpenAiDialect {
    private static final String NEW_API = "/openai/v1";
    private static final String DEFAULT_VERSION = "2024-10-21";

    private final boolean newApi;
    private final String version;

    /** @param version may be null, for the default */
    public AzureDialect(
            boolean streamUsage, String maxTokensName, List<String> leaveOut, String version, String basePath) {
        super(streamUsage, maxTokensName, "openai", leaveOut);
        this.newApi = basePath != null && basePath.endsWith(NEW_API);
        this.version = version == null && !newApi ? DEFAULT_VERSION : version;
    }

    @Override
    public String uri(String basePath, Exchange exchange, String model) {
        String api = exchange.dialect().path().substring("/v1".length());
        String path = newApi ? basePath + api : basePath + "/openai/deployments/" + encode(model) + api;
        return version == null ? path : path + "?api-version=" + encode(version);
    }

    @Override
    public void headers(MultiMap headers, String key) {
        if (key != null) {
            headers.set("api-key", key);
        }
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
