package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.assembly.Gateway;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.server.dialect.Interpreter;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** One batch at work. Confined to its event loop, but for what it reads and writes. */
final class BatchRun {
    /*
     * The files are the state. A line of the output or of the failures is on the disk before its request counts as
     * done; a run that begins reads which requests have theirs, and asks the others. So a batch survives a crash at
     * any point, at the price of asking again what was under way.
     */

    /** Requests of one batch that are under way at the same time. */
    private static final int PARALLEL = 4;

    private static final int MAX_LINES = 50_000;
    private static final int MAX_LINE = 8 << 20;

    /** A line of the input that is at fault. */
    private static final class BadLine extends IOException {
        private static final long serialVersionUID = 1L;

        private final long line;

        BadLine(long line, String fault, Throwable cause) {
            super("Line " + line + fault, cause);
            this.line = line;
        }
    }

    private final Batches.Node node;
    private final Map<String, Object> record;
    private final Map<String, Object> batch;
    private final Context context;
    private final Vertx vertx;
    private final Function<Map<String, Object>, Future<Void>> save;
    private final Promise<Void> over = Promise.promise();
    private final Set<String> done = new HashSet<>();
    private final Set<Exchange> asking = new HashSet<>();
    private BufferedReader input;
    private boolean inputEnded;
    private boolean cancelled;
    private boolean expired;
    private long expiry = -1;
    private boolean paused;
    private int active;
    private long completed;
    private long failed;

    BatchRun(
            Batches.Node node,
            Map<String, Object> record,
            Context context,
            Function<Map<String, Object>, Future<Void>> save) {
        this.node = node;
        this.record = record;
        this.batch = batch(record);
        this.context = context;
        this.vertx = node.gateways().node().vertx();
        this.save = save;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> batch(Map<String, Object> record) {
        return (Map<String, Object>) record.get("batch");
    }

    static boolean ended(Map<String, Object> batch) {
        return switch ((String) batch.get("status")) {
            case "completed", "failed", "cancelled", "expired" -> true;
            default -> false;
        };
    }

    String id() {
        return (String) batch.get("id");
    }

    String tenant() {
        return (String) record.get("tenant");
    }

    /** The batch as it stands. */
    Future<Map<String, Object>> look() {
        Promise<Map<String, Object>> promise = Promise.promise();
        context.runOnContext(v -> promise.complete(new LinkedHashMap<>(batch)));
        return promise.future();
    }

    Future<Map<String, Object>> cancel() {
        Promise<Map<String, Object>> promise = Promise.promise();
        context.runOnContext(v -> {
            if (ended(batch) || cancelled) {
                promise.complete(new LinkedHashMap<>(batch));
                return;
            }
            cancelled = true;
            status("cancelling", "cancelling_at");
            Set.copyOf(asking).forEach(Exchange::cancel);
            Map<String, Object> told = new LinkedHashMap<>(batch);
            save.apply(record).onComplete(saved -> promise.complete(told));
        });
        return promise.future();
    }

    /** Asks nothing more; the next process goes on. */
    void pause() {
        context.runOnContext(v -> paused = true);
    }

    Future<Void> start() {
        context.runOnContext(v -> vertx.executeBlocking(() -> {
                    open();
                    return null;
                })
                .onSuccess(opened -> {
                    if (!cancelled) {
                        status("in_progress", "in_progress_at");
                    }
                    counts();
                    save.apply(record).onComplete(saved -> {
                        expiry = vertx.setTimer(
                                Math.max(1, expiresMillis() - System.currentTimeMillis()), id -> expire());
                        more();
                    });
                })
                .onFailure(failure ->
                        invalid(failure.getMessage(), failure instanceof BadLine bad ? Long.valueOf(bad.line) : null)));
        return over.future();
    }

    private long expiresMillis() {
        return TimeUnit.SECONDS.toMillis((Long) batch.get("expires_at"));
    }

    /** The window is over: what was not answered by now is not asked any more. */
    private void expire() {
        expiry = -1;
        if (!ended(batch) && !cancelled) {
            expired = true;
            Set.copyOf(asking).forEach(Exchange::cancel);
            more();
        }
    }

    /** Whether no more is asked although there is more. */
    private boolean cutShort() {
        return cancelled || expired;
    }

    private void status(String status, String at) {
        batch.put("status", status);
        batch.put(at, System.currentTimeMillis() / 1000);
    }

    private void counts() {
        batch.put(
                "request_counts", Json.object("total", record.get("total"), "completed", completed, "failed", failed));
    }

    /** Checks the input and reads what an earlier run has done. Blocks. */
    private void open() throws IOException {
        Path file = node.files().path((String) batch.get("input_file_id"));
        Set<String> ids = new HashSet<>();
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    String id = checked(line, number);
                    if (!ids.add(id)) {
                        throw new BadLine(number, ": the custom_id is not unique.", null);
                    }
                    if (ids.size() > MAX_LINES) {
                        throw new IOException("More than " + MAX_LINES + " requests.");
                    }
                }
            }
        }
        if (ids.isEmpty()) {
            throw new IOException("The file holds no request.");
        }
        record.put("total", (long) ids.size());
        completed = taken((String) record.get("output"));
        failed = taken((String) record.get("failures"));
        input = Files.newBufferedReader(file);
    }

    private String checked(String line, int number) throws IOException {
        try {
            Map<String, Object> request = Json.readObject(line.getBytes(StandardCharsets.UTF_8));
            if (line.length() > MAX_LINE
                    || !(request.get("custom_id") instanceof String id)
                    || !"POST".equals(request.get("method"))
                    || !(request.get("body") instanceof Map<?, ?>)) {
                throw new BadLine(number, ": expected custom_id, method POST, url and body.", null);
            }
            if (!batch.get("endpoint").equals(request.get("url"))) {
                throw new BadLine(number, ": the url is not the batch's endpoint.", null);
            }
            return id;
        } catch (JsonException e) {
            throw new BadLine(number, " is not a JSON object.", e);
        }
    }

    /** Notes which requests have their line; cuts off a line that a crash tore. */
    private long taken(String fileId) throws IOException {
        Path file = node.files().path(fileId);
        if (!Files.exists(file)) {
            return 0;
        }
        byte[] bytes = Files.readAllBytes(file);
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] != '\n') {
            end--;
        }
        if (end < bytes.length) {
            try (RandomAccessFile torn = new RandomAccessFile(file.toFile(), "rw")) {
                torn.setLength(end);
            }
        }
        long count = 0;
        for (String line : new String(bytes, 0, end, StandardCharsets.UTF_8).split("\n")) {
            if (!line.isEmpty()) {
                done.add((String)
                        Json.readObject(line.getBytes(StandardCharsets.UTF_8)).get("custom_id"));
                count++;
            }
        }
        return count;
    }

    /** Asks the next requests while there is room. */
    private void more() {
        if (paused) {
            if (active == 0) {
                over.tryComplete();
            }
            return;
        }
        if (active >= PARALLEL) {
            return;
        }
        if (inputEnded || cutShort()) {
            if (active == 0) {
                end();
            }
            return;
        }
        active++;
        vertx.executeBlocking(this::nextLine)
                .onSuccess(request -> {
                    if (request == null || cutShort()) {
                        inputEnded = true;
                        active--;
                        more();
                        return;
                    }
                    more();
                    Future.succeededFuture()
                            .compose(v -> ask(request))
                            .recover(failure -> {
                                over.tryFail(failure);
                                paused = true;
                                return Future.succeededFuture();
                            })
                            .onComplete(v -> {
                                active--;
                                more();
                            });
                })
                .onFailure(failure -> {
                    paused = true;
                    over.tryFail(failure);
                });
    }

    private synchronized Map<String, Object> nextLine() throws IOException {
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            if (!line.isBlank()) {
                Map<String, Object> request = Json.readObject(line.getBytes(StandardCharsets.UTF_8));
                if (!done.contains(request.get("custom_id"))) {
                    return request;
                }
            }
        }
        return null;
    }

    @SuppressWarnings("unchecked")
    private Future<Void> ask(Map<String, Object> request) {
        Gateway gateway = node.gateways().enter();
        if (gateway == null) {
            paused = true;
            return Future.succeededFuture();
        }
        Dialect dialect = Dialect.ofPath((String) batch.get("endpoint"));
        Map<String, Object> body = (Map<String, Object>) request.get("body");
        body.remove("stream");
        body.remove("background");
        Interpreter interpreter = node.interpreters().getOrDefault(dialect, Interpreter.PLAIN);
        Exchange exchange = new Exchange(
                RequestId.of(null),
                interpreter == Interpreter.PLAIN ? dialect : Dialect.CHAT,
                dialect.path(),
                Buffer.buffer(Json.write(body)),
                MultiMap.caseInsensitiveMultiMap(),
                "background",
                context);
        exchange.principal(KeptPrincipal.of(record));
        exchange.fact(Hints.BACKGROUND, true);
        exchange.deadlineNanos(System.nanoTime()
                + gateway.config().gateway().responses().backgroundTimeout().toNanos());
        Chain chain = gateway.chain(dialect.path());
        CollectDelivery delivery = new CollectDelivery(exchange, gateway, vertx, node.inFlight(), node.metrics());
        delivery.begin();
        asking.add(exchange);
        Future.succeededFuture()
                .compose(v -> {
                    if (chain == null) {
                        throw ApiException.notFound(null, "unknown_url", "No route serves " + dialect.path() + '.');
                    }
                    return interpreter.interpret(exchange);
                })
                .compose(voice -> {
                    delivery.speak(voice);
                    return voice.ask(exchange, chain);
                })
                .onSuccess(delivery::reply)
                .onFailure(delivery::fail);
        return delivery.collected().compose(collected -> {
            asking.remove(exchange);
            return later(collected) ? pauseAndAsk(request) : answered(request, exchange.id(), collected);
        });
    }

    /** Whether a limit was reached that time mends. */
    private boolean later(CollectDelivery.Collected collected) {
        return (collected.status() == 429 || collected.status() == 503) && !cutShort() && !paused;
    }

    private Future<Void> pauseAndAsk(Map<String, Object> request) {
        Promise<Void> waited = Promise.promise();
        vertx.setTimer(TimeUnit.SECONDS.toMillis(5), id -> waited.complete());
        return waited.future().compose(v -> paused || cutShort() ? Future.succeededFuture() : ask(request));
    }

    private Future<Void> answered(Map<String, Object> request, String requestId, CollectDelivery.Collected collected) {
        if (paused || cutShort() && collected.status() == 499) {
            return Future.succeededFuture();
        }
        boolean well = collected.status() == 200;
        Object body;
        try {
            body = Json.read(collected.body().getBytes());
        } catch (JsonException e) {
            body = null;
        }
        byte[] line = Json.write(Json.object(
                "id",
                "batch_req_" + requestId,
                "custom_id",
                request.get("custom_id"),
                "response",
                Json.object("status_code", collected.status(), "request_id", requestId, "body", body),
                "error",
                null));
        String file = (String) record.get(well ? "output" : "failures");
        return vertx.executeBlocking(() -> {
                    append(file, line);
                    return null;
                })
                .map(v -> {
                    if (well) {
                        completed++;
                    } else {
                        failed++;
                    }
                    counts();
                    return null;
                });
    }

    private synchronized void append(String file, byte[] line) throws IOException {
        byte[] whole = java.util.Arrays.copyOf(line, line.length + 1);
        whole[line.length] = '\n';
        Files.write(node.files().path(file), whole, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private void end() {
        if (ended(batch) || batch.get("status").equals("finalizing")) {
            return;
        }
        if (expiry >= 0) {
            vertx.cancelTimer(expiry);
        }
        try {
            input.close();
        } catch (IOException e) {
            // What was read of it was read well.
        }
        status("finalizing", "finalizing_at");
        describe("output", "output_file_id", completed, "_output.jsonl")
                .compose(v -> describe("failures", "error_file_id", failed, "_error.jsonl"))
                .compose(v -> {
                    if (cancelled) {
                        status("cancelled", "cancelled_at");
                    } else if (expired) {
                        status("expired", "expired_at");
                    } else {
                        status("completed", "completed_at");
                    }
                    return save.apply(record);
                })
                .onComplete(over);
    }

    private Future<Void> describe(String file, String member, long lines, String name) {
        if (lines == 0) {
            return Future.succeededFuture();
        }
        String fileId = (String) record.get(file);
        batch.put(member, fileId);
        return node.files()
                .describe(tenant(), fileId, id() + name, "batch_output")
                .mapEmpty();
    }

    /** The input is at fault: no request was asked. */
    private void invalid(String message, Long line) {
        status("failed", "failed_at");
        batch.put(
                "errors",
                Json.object(
                        "object",
                        "list",
                        "data",
                        java.util.List.of(Json.object("code", "invalid_input", "message", message, "line", line))));
        save.apply(record).onComplete(over);
    }
}
