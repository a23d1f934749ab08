package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.api.responses.ResponseAssembler;
import io.edgeway.api.responses.ResponsesRequest;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Principal;
import io.vertx.core.Context;
import io.vertx.core.Promise;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A response that is made while nobody waits. What it holds is confined to its event loop, but for its log. */
final class BackgroundResponse {
    final Context context;
    final Principal principal;
    final ResponsesRequest request;
    final ResponseAssembler assembler;
    final EventLog log;
    /** Completed when the journal has how it ended, and the job no more. */
    final Promise<Void> kept = Promise.promise();

    private final byte[] body;
    private final List<Map<String, Object>> history;
    private final long created;
    /** What makes it, once it is being made. */
    Delivery delivery;
    /** How often the clouds could not be reached for it. */
    int putOff;

    BackgroundResponse(
            String id,
            long created,
            Principal principal,
            byte[] body,
            List<Map<String, Object>> history,
            Context context) {
        this.context = context;
        this.principal = principal;
        this.body = body;
        this.history = history;
        this.created = created;
        this.request = ResponsesRequest.of(ChatRequest.parse(body));
        this.log = request.stream() ? new EventLog() : null;
        this.assembler = new ResponseAssembler(
                id, created, request, log == null ? null : (sequence, type, data) -> log.add(type, data));
        assembler.begin();
    }

    String id() {
        return assembler.id();
    }

    /** Seconds since the epoch. */
    long created() {
        return created;
    }

    byte[] chat() {
        return request.toChat(history, true);
    }

    List<Map<String, Object>> input() {
        List<Map<String, Object>> items = new ArrayList<>(history);
        items.addAll(request.input());
        return items;
    }

    void fail(ApiException failure) {
        assembler.fail(failure);
    }

    /** Enough to make it again in another process. */
    Map<String, Object> record() {
        Map<String, Object> record = Json.object("id", id(), "created", created, "history", history);
        record.put("body", new String(body, StandardCharsets.UTF_8));
        record.putAll(KeptPrincipal.record(principal));
        return record;
    }

    @SuppressWarnings("unchecked")
    static BackgroundResponse of(Map<String, Object> record, Context context) {
        return new BackgroundResponse(
                (String) record.get("id"),
                (Long) record.get("created"),
                KeptPrincipal.of(record),
                ((String) record.get("body")).getBytes(StandardCharsets.UTF_8),
                (List<Map<String, Object>>) record.get("history"),
                context);
    }
}
