package io.edgeway.backend.local;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.config.GatewayConfig;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Confidence;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Fact;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Load;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/** A model that runs in this process, spoken to in OpenAI's chat dialect. */
public final class LocalBackend implements Backend {
    /** Bodies up to this size are rendered and tokenized on the event loop: it takes less than a hop elsewhere. */
    private static final int INLINE_BYTES = 8 << 10;

    private static final Fact<Counted> COUNTED = Fact.named("counted-prompt");

    private final String model;
    private final String name;
    private final GatewayConfig.LocalConfig options;
    private final Engine engine;
    private final Path directory;

    public LocalBackend(String model, GatewayConfig.LocalConfig options, PluginContext context) {
        this.model = model;
        this.name = "local/" + model;
        this.options = options;
        this.directory = ModelPaths.find(options.path(), context);
        EngineSettings settings = EngineSettings.of(options, directory);
        LoadedModels loaded = context.shared("local-models", () -> new LoadedModels(Memory.ofMachine()));
        LocalMetrics metrics =
                context.shared("local-metrics:" + model, () -> new LocalMetrics(context.meters(), model));
        this.engine = context.shared(
                "local-model:" + model + ':' + settings.key(), () -> new Engine(model, settings, loaded, metrics));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean available() {
        return engine.available();
    }

    @Override
    public Path companion(String file) {
        Path path = directory.resolve(file);
        return Files.isRegularFile(path) ? path : null;
    }

    @Override
    public Load load() {
        return engine.load();
    }

    /** Answers for short prompts of a model that is in memory; {@link #prepare} does not count again. */
    @Override
    public int promptTokens(Exchange exchange) {
        ModelText text = engine.text();
        if (text == null || text.template() == null || exchange.body().length() > INLINE_BYTES) {
            return -1;
        }
        try {
            ChatRequest request = exchange.request();
            int[] prompt = counted(exchange, request, text);
            if (prompt == null) {
                prompt = encode(text, request, null);
                exchange.fact(COUNTED, new Counted(request, text, prompt));
            }
            return prompt.length;
        } catch (RuntimeException e) {
            // Whoever calls the model is told what is wrong with the request.
            return -1;
        }
    }

    /** Begins to read the model where the configuration says so; requests that come before it is there wait. */
    @Override
    public Future<Void> start() {
        if (options.preload()) {
            engine.ready(text -> {}, failure -> {});
        }
        return Future.succeededFuture();
    }

    @Override
    public Future<Reply> call(Exchange exchange) {
        exchange.backend(name);
        exchange.passport().stamp(Stage.QUEUED);
        if (!exchange.dialect().generates()) {
            throw ApiException.badRequest(
                    "model",
                    "invalid_value",
                    "The model '" + exchange.model() + "' writes text only: "
                            + exchange.dialect().path() + " needs a model with task: embed.");
        }
        ModelText text = engine.text();
        if (text != null) {
            return answer(exchange, text);
        }
        Promise<Reply> promise = Promise.promise();
        try {
            engine.ready(
                    loaded -> exchange.context()
                            .runOnContext(v -> answer(exchange, loaded).onComplete(promise)),
                    failure -> exchange.context().runOnContext(v -> promise.fail(failure)));
        } catch (ApiException e) {
            promise.fail(e);
        }
        return promise.future();
    }

    /** A prompt that was tokenized to be counted. */
    private record Counted(ChatRequest request, ModelText text, int[] prompt) {}

    /** The tokens of this very prompt where they have been counted, else null. */
    private static int[] counted(Exchange exchange, ChatRequest request, ModelText text) {
        Counted counted = exchange.fact(COUNTED);
        return counted != null && counted.request() == request && counted.text() == text ? counted.prompt() : null;
    }

    private Future<Reply> answer(Exchange exchange, ModelText text) {
        if (exchange.isCancelled()) {
            return Future.failedFuture(exchange.cancelCause());
        }
        try {
            ChatRequest request = exchange.request();
            ChatOptions asked = ChatOptions.of(request, text.defaults());
            String from = exchange.fact(Hints.CONTINUE_FROM);
            int[] known = from == null ? counted(exchange, request, text) : null;
            if (exchange.body().length() <= INLINE_BYTES && !Constrainer.asked(request)) {
                return submit(exchange, text, asked, prepare(text, request, from, known));
            }
            return exchange.context()
                    .owner()
                    .executeBlocking(() -> prepare(text, request, from, known), false)
                    .compose(prepared -> submit(exchange, text, asked, prepared));
        } catch (RuntimeException e) {
            return Future.failedFuture(e);
        }
    }

    /** What is made of a request before the engine sees it. */
    private record Prepared(int[] prompt, Supplier<TokenMask> mask) {}

    private Prepared prepare(ModelText text, ChatRequest request, String continueFrom, int[] known) {
        int[] prompt = known == null ? encode(text, request, continueFrom) : known;
        return new Prepared(prompt, text.constrainer().of(request));
    }

    private int[] encode(ModelText text, ChatRequest request, String continueFrom) {
        if (text.template() == null) {
            throw ApiException.badRequest(
                    "model", "no_chat_template", "The model '" + model + "' has no chat template and cannot chat.");
        }
        String rendered = text.template().render(request);
        return text.tokenizer().encode(continueFrom == null ? rendered : rendered + continueFrom);
    }

    private Future<Reply> submit(Exchange exchange, ModelText text, ChatOptions asked, Prepared prepared) {
        int[] prompt = prepared.prompt();
        int context = engine.context();
        if (prompt.length >= context) {
            return Future.failedFuture(Engine.tooLong(prompt.length, context));
        }
        if (prompt.length == 0) {
            return Future.failedFuture(ApiException.badRequest("messages", "The messages hold no text."));
        }
        int room = context - prompt.length;
        int maxTokens = Math.min(room, asked.maxTokens() == null ? options.maxTokens() : asked.maxTokens());
        Confidence.Probe probe = exchange.fact(Hints.PROBE);
        ChatRequest request = exchange.request();
        ChatWriter writer =
                new ChatWriter(exchange.id(), exchange.model(), System.currentTimeMillis() / 1000, text.tokenizer());
        GenerationRequest generation = new GenerationRequest(
                exchange.principal().tenant(),
                prompt,
                maxTokens,
                asked.sampling(),
                prepared.mask(),
                asked.stops(),
                exchange.deadlineNanos(),
                probe == null ? 0 : probe.tokens());
        return new ChatExchange(
                        exchange,
                        writer,
                        request.stream(),
                        request.includeUsage(),
                        text.constrainer().calls(request),
                        prompt.length,
                        probe == null ? null : probe.report())
                .start(engine, generation, asked.choices());
    }
}
