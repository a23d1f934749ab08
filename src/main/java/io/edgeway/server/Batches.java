package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.assembly.Gateways;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Principal;
import io.edgeway.server.dialect.Ids;
import io.edgeway.server.dialect.Interpreter;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/** Batches: files of requests that are answered into files of replies, when there is time. */
final class Batches {
    private static final Logger LOG = Logger.getLogger(Batches.class);
    private static final String KEY = "batch:";
    private static final Set<Dialect> ENDPOINTS =
            Set.of(Dialect.CHAT, Dialect.RESPONSES, Dialect.COMPLETIONS, Dialect.EMBEDDINGS, Dialect.RERANK);

    /** The only window that there is. */
    private static final String WINDOW = "24h";

    /** What a batch's run needs of the node. */
    record Node(
            Gateways gateways,
            InFlight inFlight,
            Exchanges metrics,
            Map<Dialect, Interpreter> interpreters,
            FileShelf files) {}

    private final Node node;
    private final NodeJournal journal;
    private final JobQueue queue;
    private final Map<String, BatchRun> live = new ConcurrentHashMap<>();
    private volatile boolean stopping;

    Batches(Node node, NodeJournal journal, JobQueue queue) {
        this.node = node;
        this.journal = journal;
        this.queue = queue;
    }

    /** Takes up the batches that an earlier process left. */
    Future<Void> resume() {
        if (!journal.exists()) {
            return Future.succeededFuture();
        }
        Context context = node.gateways().node().vertx().getOrCreateContext();
        return journal.values(KEY).map(records -> {
            records.stream()
                    .filter(record -> !BatchRun.ended(BatchRun.batch(record)))
                    .sorted(Comparator.comparing(
                            record -> (Long) BatchRun.batch(record).get("created_at")))
                    .forEach(record -> enqueue(new BatchRun(node, record, context, this::save)));
            return null;
        });
    }

    /** Leaves what runs to the next process. */
    void stop() {
        stopping = true;
        live.values().forEach(BatchRun::pause);
    }

    Future<Map<String, Object>> create(Principal principal, Map<String, Object> asked, Context context) {
        String endpoint = Json.text(asked.get("endpoint"));
        Dialect dialect = endpoint == null ? null : Dialect.ofPath(endpoint);
        if (dialect == null || !ENDPOINTS.contains(dialect)) {
            throw ApiException.badRequest(
                    "endpoint",
                    "invalid_value",
                    "Missing or unknown 'endpoint'; expected one of "
                            + ENDPOINTS.stream().map(Dialect::path).sorted().toList() + '.');
        }
        if (!(asked.get("input_file_id") instanceof String input)) {
            throw ApiException.badRequest(
                    "input_file_id", "missing_required_parameter", "Missing required parameter: 'input_file_id'.");
        }
        if (asked.get("completion_window") != null && !WINDOW.equals(asked.get("completion_window"))) {
            throw ApiException.badRequest(
                    "completion_window", "invalid_value", "Invalid 'completion_window'; expected '" + WINDOW + "'.");
        }
        queue.checkRoom(0);
        return node.files().find(principal.tenant(), input).compose(file -> {
            if (file == null) {
                throw ApiException.badRequest(
                        "input_file_id",
                        "invalid_value",
                        "No such File object: " + ApiException.abbreviate(input) + '.');
            }
            long now = System.currentTimeMillis() / 1000;
            Map<String, Object> batch = Json.object(
                    "id",
                    Ids.next("batch_"),
                    "object",
                    "batch",
                    "endpoint",
                    endpoint,
                    "errors",
                    null,
                    "input_file_id",
                    input,
                    "completion_window",
                    WINDOW,
                    "status",
                    "validating",
                    "output_file_id",
                    null,
                    "error_file_id",
                    null,
                    "created_at",
                    now,
                    "in_progress_at",
                    null,
                    "expires_at",
                    now + 86_400,
                    "finalizing_at",
                    null,
                    "completed_at",
                    null,
                    "failed_at",
                    null,
                    "expired_at",
                    null,
                    "cancelling_at",
                    null,
                    "cancelled_at",
                    null,
                    "request_counts",
                    Json.object("total", 0, "completed", 0, "failed", 0),
                    "metadata",
                    asked.get("metadata"));
            Map<String, Object> record = KeptPrincipal.record(principal);
            record.put("output", node.files().newId());
            record.put("failures", node.files().newId());
            record.put("batch", batch);
            // A copy, because the run goes on to change it.
            Map<String, Object> told = new LinkedHashMap<>(batch);
            return save(record).map(v -> {
                enqueue(new BatchRun(node, record, context, this::save));
                return told;
            });
        });
    }

    private Future<Void> save(Map<String, Object> record) {
        return journal.put(KEY + BatchRun.batch(record).get("id"), record);
    }

    private void enqueue(BatchRun run) {
        live.put(run.id(), run);
        queue.add(() -> stopping
                ? Future.succeededFuture()
                : run.start()
                        .onFailure(failure -> LOG.warnf(failure, "Batch %s broke off", run.id()))
                        .onComplete(v -> live.remove(run.id())));
    }

    /** The batch, or null if there is none of that id for the tenant. */
    Future<Map<String, Object>> find(String tenant, String id) {
        BatchRun run = live.get(id);
        if (run != null) {
            return run.tenant().equals(tenant) ? run.look() : Future.succeededFuture();
        }
        if (!journal.exists()) {
            return Future.succeededFuture();
        }
        return journal.get(KEY + id)
                .map(record -> record != null && tenant.equals(record.get("tenant")) ? BatchRun.batch(record) : null);
    }

    Future<List<Map<String, Object>>> list(String tenant) {
        if (!journal.exists()) {
            return Future.succeededFuture(List.of());
        }
        return journal.values(KEY).map(records -> records.stream()
                .filter(record -> tenant.equals(record.get("tenant")))
                .map(BatchRun::batch)
                .sorted(Comparator.comparing((Map<String, Object> batch) -> (Long) batch.get("created_at"))
                        .reversed())
                .toList());
    }

    Future<Map<String, Object>> cancel(String tenant, String id) {
        BatchRun run = live.get(id);
        return run != null && run.tenant().equals(tenant) ? run.cancel() : find(tenant, id);
    }
}
