package io.edgeway.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Everything below {@code edgeway:} but the options of plugins. */
@ConfigMapping(prefix = GatewayConfig.PREFIX)
public interface GatewayConfig {
    String PREFIX = "edgeway";

    /** Names that clients ask for. */
    Map<String, ModelConfig> models();

    /** Remote endpoints. */
    Map<String, UpstreamConfig> upstreams();

    /** The type of each named plugin instance. */
    Map<String, String> plugins();

    /** Which chain serves which path; the first match counts. */
    List<RouteConfig> routes();

    ServerConfig server();

    ResponsesConfig responses();

    TracingConfig tracing();

    /** Traces of exchanges, exported by OTLP over HTTP. */
    interface TracingConfig {
        /** The collector: http://localhost:4318/v1/traces. Nothing is traced without it. */
        Optional<String> endpoint();

        /** Headers of every export, such as a key of the collector's. */
        Map<String, String> headers();

        /** The share of exchanges that are recorded where the caller did not decide. */
        @WithDefault("100%")
        Percent sample();

        /** The name under which this node is known to the collector. */
        @WithDefault("edgeway")
        String service();

        /** Spans that may wait for the collector; beyond it new ones are dropped. */
        @WithDefault("4096")
        int queue();

        /** Between two exports. */
        @WithDefault("1s")
        Duration interval();

        /** How long an export may take. */
        @WithDefault("10s")
        Duration timeout();
    }

    /** Bounds of the doors. */
    interface ServerConfig {
        /** The largest request body. */
        @WithDefault("8MB")
        Bytes maxBody();

        /** The largest whole reply of an upstream that is held in memory. */
        @WithDefault("64MB")
        Bytes maxReply();

        /** How long one exchange may take when the client names no deadline. */
        @WithDefault("10m")
        Duration timeout();

        /** How long a streaming client waits for its first byte before it gets a comment, and between comments. */
        @WithDefault("10s")
        Duration keepAlive();

        /** How long running exchanges may go on after a stop was asked for. */
        @WithDefault("30s")
        Duration drain();

        /** Proxies whose X-Forwarded-For is believed: addresses or CIDR blocks. */
        Optional<List<Network>> trustedProxies();

        /** Exchanges in flight beyond which new ones get 503. */
        @WithDefault("4096")
        int maxExchanges();

        /** Origins of pages that may open WebSockets from a browser, besides the node's own; an asterisk means any. */
        Optional<List<String>> origins();

        /** Serve the page at /chat. */
        @WithDefault("true")
        boolean page();

        /** Between pings on a WebSocket; a peer that is silent for three of them is gone. */
        @WithDefault("30s")
        Duration socketPing();

        /** Where state that outlives a restart is kept. */
        Optional<String> stateDirectory();
    }

    /** Responses that are kept: for later turns of a conversation, and for clients that come back for them. */
    interface ResponsesConfig {
        @WithDefault("24h")
        Duration ttl();

        /** Responses in the background that are made at the same time. */
        @WithDefault("2")
        int workers();

        /** Responses in the background that may wait. */
        @WithDefault("1000")
        int queue();

        /** How long making one in the background may take. */
        @WithDefault("1h")
        Duration backgroundTimeout();

        /** How long one in the background waits for a cloud that cannot be reached; 0 fails it at once. */
        @WithDefault("24h")
        Duration offline();

        /** Disk for what outlives a restart: responses in the background, and what is known of files and batches. */
        @WithDefault("256MB")
        Bytes disk();

        /** Disk for the contents of files; beyond it no new one is taken. */
        @WithDefault("1GB")
        Bytes files();

        /** The largest file that a client may send. */
        @WithDefault("100MB")
        Bytes maxFile();

        /** Keep responses in Redis, where other nodes find them. */
        RedisConfig redis();

        /** Memory for kept responses; beyond it those go that were not asked for longest. */
        @WithDefault("64MB")
        Bytes memory();
    }

    /** One of the three: a local model, a cloud model, or a choice between models. */
    interface ModelConfig {
        Optional<LocalConfig> local();

        Optional<CloudConfig> cloud();

        /** Names of models to choose from, in order of preference. */
        Optional<List<String>> choose();

        /** Tokens of prompt and reply together; a local model knows its own. */
        Optional<Integer> contextLength();

        /** What tokens cost; a local model costs nothing unless it says so. */
        Optional<PriceConfig> price();
    }

    /** A model directory and how it is run. */
    interface LocalConfig {
        String path();

        /** What the model is for. */
        @WithDefault("generate")
        Task task();

        /** What a local model does. */
        enum Task {
            GENERATE,
            EMBED
        }

        /** Threads within one operation; 0 takes half of the cores, at least one. */
        @WithDefault("0")
        int threads();

        /** How keys and values are kept; auto is fp16 where edgeway's own attention runs, else fp32. */
        @WithDefault("auto")
        Kv kv();

        /** Numbers that keys and values are kept as. */
        enum Kv {
            AUTO,
            FP32,
            FP16,
            INT8
        }

        /** Requests decoded at the same time. */
        @WithDefault("8")
        int slots();

        /** Tokens of prompt and reply together that one request may have; 0 takes the model's own bound. */
        @WithDefault("0")
        int context();

        /** Requests that may wait for a slot before new ones are turned away. */
        @WithDefault("64")
        int queue();

        /** Tokens of a reply when the request names no bound. */
        @WithDefault("512")
        int maxTokens();

        /** Memory for kept prompt prefixes. */
        @WithDefault("32MB")
        Bytes prefixCache();

        /** Whether idle threads of the runtime spin for a while; faster on a machine of its own, a waste elsewhere. */
        @WithDefault("false")
        boolean spin();

        /** How a lone request's next tokens are guessed, to be checked together. */
        @WithDefault("auto")
        Speculation speculation();

        /** What guesses come from. */
        enum Speculation {
            /** As prompt lookup where replies stay the same, bit for bit. */
            AUTO,
            NONE,
            /** Also where the runtime's own attention runs, with which near ties may turn. */
            PROMPT_LOOKUP
        }

        /** Load at start rather than on first use. */
        @WithDefault("false")
        boolean preload();

        /** Unload after this long without a request; 0 keeps it. */
        @WithDefault("0s")
        Duration unloadAfter();

        BatchConfig batch();
    }

    /** How texts of a sentence embedder share its runs, in the terms of Triton's dynamic batcher. */
    interface BatchConfig {
        /** The most texts of one run. */
        @WithDefault("16")
        int maxSize();

        /** Sizes of a run for which no text need wait any longer, ascending. */
        Optional<List<Integer>> preferredSizes();

        /** How long the oldest text waits for company; 0 runs what is there whenever the model is idle. */
        @WithDefault("0ms")
        Duration maxDelay();

        /** How long a run may take, held by adapting its size; 0 for no target. */
        @WithDefault("0ms")
        Duration target();

        /** Texts that wait; requests that bring more are turned away. */
        @WithDefault("1024")
        int maxQueue();

        /** The longest wait of a text; 0 for none but the request's own deadline. */
        @WithDefault("0ms")
        Duration timeout();

        /** What becomes of a text that waited that long. */
        @WithDefault("reject")
        TimeoutAction timeoutAction();

        enum TimeoutAction {
            /** Its request is refused with 429. */
            REJECT,
            /** It waits on, behind those that are still in time. */
            DELAY
        }
    }

    /** Upstreams that serve a model. */
    interface CloudConfig {
        List<String> upstreams();

        /** The upstreams' name for the model; the same name if absent. */
        Optional<String> as();

        /** Models to try next when these upstreams fail before the first byte. */
        Optional<List<String>> fallback();

        RetryConfig retry();

        HedgeConfig hedge();
    }

    /** Money per million tokens, in whatever currency budgets are written in. */
    interface PriceConfig {
        double input();

        double output();

        /** Prompt tokens that the upstream had cached; the price of input if absent. */
        Optional<Double> cachedInput();
    }

    /** Calls made again before the first byte of a reply. */
    interface RetryConfig {
        /** Calls that one request may make, the first included. */
        @WithDefault("3")
        int attempts();

        /** Retries as a share of all calls of the last ten seconds. */
        @WithDefault("20%")
        Percent budget();

        /** Retries that are allowed in ten seconds whatever the traffic. */
        @WithDefault("10")
        int reserve();

        /** The longest Retry-After that is waited for rather than passed on. */
        @WithDefault("2s")
        Duration maxWait();
    }

    /** A second call when the first token is late. */
    interface HedgeConfig {
        @WithDefault("false")
        boolean enabled();

        /** The share of first tokens, of those seen lately, that come before a hedge starts. */
        @WithDefault("95%")
        Percent quantile();

        /** Hedges as a share of all calls of the last ten seconds. */
        @WithDefault("5%")
        Percent budget();

        /** No hedge before this, however fast the upstreams are. */
        @WithDefault("50ms")
        Duration floor();
    }

    /** One remote endpoint. */
    interface UpstreamConfig {
        /** openai (and everything compatible with it), responses, azure or anthropic. */
        @WithDefault("openai")
        String dialect();

        /** http, or websocket where the dialect is responses: OpenAI's WebSocket mode. */
        @WithDefault("http")
        String transport();

        /** Base URL, with the version: https://api.openai.com/v1 */
        String url();

        /** The key that edgeway presents. Name an environment variable: "${OPENAI_API_KEY}". */
        Optional<String> key();

        /** Several keys, taken in turn; one that is refused or at its limit rests. */
        Optional<List<String>> keys();

        /** A file that holds the key, or one key a line, such as a mounted secret. */
        Optional<String> keyFile();

        /** Leave the upstream, and models that have no other, out when it has no key. */
        @WithDefault("false")
        boolean skipWithoutKey();

        /** The share of calls among upstreams of one model. */
        @WithDefault("1")
        int weight();

        @WithDefault("2s")
        Duration connectTimeout();

        /** From the end of the request to the first byte of the reply. */
        @WithDefault("60s")
        Duration firstByteTimeout();

        /** Between two pieces of a reply. */
        @WithDefault("60s")
        Duration idleTimeout();

        /** Connections per event loop. */
        @WithDefault("64")
        int connections();

        /** Speak HTTP/2 where the upstream offers it over TLS. */
        @WithDefault("true")
        boolean http2();

        /** A PEM file of the authorities that may vouch for the upstream, in place of the public ones. */
        Optional<String> caFile();

        /** Further headers of every request to this upstream. */
        Map<String, String> headers();

        /** The version that Azure OpenAI and Anthropic want named. */
        Optional<String> apiVersion();

        /** Ask for the usage of every stream, so that it can be counted when the client did not ask. */
        @WithDefault("true")
        boolean streamUsage();

        /**
         * The name by which the upstream knows the bound of a reply: max_tokens or max_completion_tokens. It is passed
         * on as the client named it if absent.
         */
        Optional<String> maxTokensName();

        /** What serves the dialect openai: openai, vllm, mistral, gemini, ollama or llama.cpp. */
        @WithDefault("openai")
        String flavour();

        /** Members of a request that the upstream does not take, beside those that its flavour does not. */
        Optional<List<String>> leaveOut();

        BreakerConfig breaker();

        HealthConfig health();
    }

    /** When an upstream is left alone for a while. */
    interface BreakerConfig {
        /** The share of calls of the window that failed by the upstream's fault. */
        @WithDefault("50%")
        Percent failures();

        /** Calls of the window below which the share says nothing. */
        @WithDefault("20")
        int minimum();

        /** Failures in a row that are enough before that. */
        @WithDefault("5")
        int consecutive();

        @WithDefault("10s")
        Duration window();

        /** How long it is left alone; doubled each time it is not well after that. */
        @WithDefault("5s")
        Duration pause();

        @WithDefault("60s")
        Duration maxPause();
    }

    /** A request made now and then to see whether an upstream is well. */
    interface HealthConfig {
        /** The path to get, below the URL's host; no checks if absent. */
        Optional<String> path();

        @WithDefault("10s")
        Duration interval();
    }

    /** A path and the plugins that its exchanges pass through. */
    interface RouteConfig {
        /** A path, or a prefix that ends with an asterisk. */
        String match();

        /** Names of plugins, in order. */
        List<String> chain();
    }
}
