package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.assembly.Gateway;
import io.edgeway.assembly.Gateways;
import io.edgeway.config.GatewayConfig;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.edgeway.server.dialect.BackgroundDesk;
import io.edgeway.server.dialect.Ids;
import io.edgeway.state.responses.StoredResponse;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;

/** Responses in the background: queued, made, looked at, resumed and cancelled. */
final class Background implements BackgroundDesk {
    /*
     * Life. A job is in the journal before its client hears of it, and stays there until its result is. What was
     * queued or being made when the process ended is made again by the next: from the start, under the same id. One
     * whose cloud cannot be reached waits, and is asked again until it has waited too long.
     */
    private static final Logger LOG = Logger.getLogger(Background.class);
    private static final String JOB = "job:";
    private static final String DONE = "response:";
    private static final Set<String> OFFLINE = Set.of(
            "upstream_unreachable",
            "upstream_broken",
            "upstream_timeout",
            "upstream_unavailable",
            "upstream_rate_limit");
    private static final long FIRST_WAIT_MILLIS = 1000;
    private static final long MAX_WAIT_MILLIS = 30_000;

    private final Gateways gateways;
    private final InFlight inFlight;
    private final Exchanges metrics;
    private final NodeJournal journal;
    private final JobQueue queue;
    private final Map<String, BackgroundResponse> live = new ConcurrentHashMap<>();
    private final AtomicInteger putOff = new AtomicInteger();
    private volatile boolean stopping;

    Background(Gateways gateways, InFlight inFlight, Exchanges metrics, NodeJournal journal, JobQueue queue) {
        this.gateways = gateways;
        this.inFlight = inFlight;
        this.metrics = metrics;
        this.journal = journal;
        this.queue = queue;
        gateways.node().meters().gauge("edgeway.background.live", live, Map::size);
        gateways.node().meters().gauge("edgeway.background.offline", putOff);
    }

    private GatewayConfig.ResponsesConfig options() {
        return gateways.current().config().gateway().responses();
    }

    /** Takes up what an earlier process left, and forgets what has expired. */
    Future<Void> resume() {
        if (!journal.exists()) {
            return Future.succeededFuture();
        }
        Context context = gateways.node().vertx().getOrCreateContext();
        return journal.keys(JOB)
                .compose(keys -> Future.join(keys.stream().map(journal::get).toList()))
                .map(found -> {
                    List<BackgroundResponse> jobs = new ArrayList<>();
                    for (int i = 0; i < found.size(); i++) {
                        jobs.add(BackgroundResponse.of(found.resultAt(i), context));
                    }
                    jobs.sort(Comparator.comparing(job -> (Long) job.record().get("created")));
                    if (!jobs.isEmpty()) {
                        LOG.infof("Taking up %d responses that an earlier process left in the background", jobs.size());
                    }
                    context.runOnContext(v -> jobs.forEach(this::enqueue));
                    return null;
                })
                .compose(v -> sweep());
    }

    /** Forgets results that have expired. */
    Future<Void> sweep() {
        if (!journal.exists()) {
            return Future.succeededFuture();
        }
        long now = System.currentTimeMillis();
        return journal.keys(DONE)
                .compose(keys -> Future.join(keys.stream()
                        .map(key -> journal.get(key)
                                .compose(record -> record != null && (Long) record.get("expires") < now
                                        ? journal.remove(key)
                                        : Future.<Void>succeededFuture()))
                        .toList()))
                .mapEmpty();
    }

    /** Begins nothing more, and leaves what is being made to the next process. */
    void stop() {
        stopping = true;
        queue.stop();
    }

    @Override
    public Future<Reply> accept(Exchange exchange, byte[] body, List<Map<String, Object>> history) {
        queue.checkRoom(putOff.get());
        BackgroundResponse job = new BackgroundResponse(
                Ids.next("resp_"),
                System.currentTimeMillis() / 1000,
                exchange.principal(),
                body,
                history,
                exchange.context());
        // What cannot be asked in chat is refused now, not in the background.
        job.chat();
        return journal.put(JOB + job.id(), job.record()).map(v -> {
            byte[] response = job.assembler.json();
            enqueue(job);
            return job.log == null ? Reply.json(response) : events(job, -1, exchange);
        });
    }

    private static Reply events(BackgroundResponse job, long after, Exchange reader) {
        PushStream stream = job.log.after(after, reader.context());
        reader.onEnd(outcome -> job.log.leave(stream));
        return Reply.events(stream);
    }

    private void enqueue(BackgroundResponse job) {
        live.put(job.id(), job);
        queue.add(() -> run(job));
    }

    private Future<Void> run(BackgroundResponse job) {
        Promise<Void> done = Promise.promise();
        job.context.runOnContext(v -> {
            try {
                start(job, done);
            } catch (RuntimeException e) {
                if (live.containsKey(job.id())) {
                    job.fail(e instanceof ApiException known ? known : ApiException.internal());
                    finished(job, done);
                } else {
                    done.tryComplete();
                }
            }
        });
        return done.future();
    }

    private void start(BackgroundResponse job, Promise<Void> done) {
        if (!live.containsKey(job.id()) || job.assembler.status().equals("cancelled")) {
            done.complete();
            return;
        }
        Gateway gateway = gateways.enter();
        if (gateway == null) {
            // The process is ending; the next one finds the job in the journal.
            done.complete();
            return;
        }
        Chain chain = gateway.chain(Dialect.RESPONSES.path());
        if (chain == null) {
            gateway.exit();
            throw ApiException.notFound(null, "unknown_url", "No route of this gateway serves responses any more.");
        }
        Exchange exchange = new Exchange(
                RequestId.of(null),
                Dialect.CHAT,
                Dialect.RESPONSES.path(),
                Buffer.buffer(job.chat()),
                MultiMap.caseInsensitiveMultiMap(),
                "background",
                job.context);
        exchange.principal(job.principal);
        exchange.fact(Hints.BACKGROUND, true);
        exchange.deadlineNanos(System.nanoTime() + options().backgroundTimeout().toNanos());
        BackgroundDelivery delivery = new BackgroundDelivery(
                exchange,
                gateway,
                gateways.node().vertx(),
                inFlight,
                metrics,
                job,
                error -> putOff(job, exchange, error),
                () -> finished(job, done));
        job.delivery = delivery;
        if (job.putOff == 0) {
            job.assembler.work();
        }
        delivery.begin();
        chain.afterAuthentication(exchange).onSuccess(delivery::reply).onFailure(delivery::fail);
    }

    /** Whether a job is made again later, because its clouds cannot be reached; sees to it that it is. */
    private boolean putOff(BackgroundResponse job, Exchange exchange, ApiException error) {
        long waitedMillis = System.currentTimeMillis() - job.created() * 1000;
        if (stopping
                || !OFFLINE.contains(error.code())
                || exchange.fact(Hints.NOT_LATER) != null
                || waitedMillis >= options().offline().toMillis()) {
            return false;
        }
        job.delivery = null;
        long cap = Math.min(MAX_WAIT_MILLIS, FIRST_WAIT_MILLIS << Math.min(10, job.putOff++));
        long wait = Math.max(1, Math.min(cap, Math.max(error.retryAfterMillis(), cap / 2)));
        putOff.incrementAndGet();
        gateways.node().vertx().setTimer(wait, id -> {
            putOff.decrementAndGet();
            if (live.containsKey(job.id())) {
                queue.add(() -> run(job));
            }
        });
        return true;
    }

    /** Keeps the result, then forgets the job. */
    private void finished(BackgroundResponse job, Promise<Void> done) {
        if (job.delivery == null && job.assembler.status().equals("in_progress")) {
            // It was put off, and stays in the journal.
            done.tryComplete();
            return;
        }
        if (stopping && job.assembler.status().equals("failed")) {
            job.kept.tryComplete();
            done.tryComplete();
            return;
        }
        Map<String, Object> record = Json.object(
                "tenant", job.principal.tenant(),
                "expires", System.currentTimeMillis() + options().ttl().toMillis(),
                "response", job.assembler.response(),
                "input", job.input());
        if (job.log != null) {
            job.log.end();
            record.put("events", job.log.texts());
        }
        journal.put(DONE + job.id(), record)
                .recover(failure -> {
                    LOG.warnf(failure, "The result of background response %s is lost", job.id());
                    return Future.succeededFuture();
                })
                .compose(v -> journal.remove(JOB + job.id()))
                .onComplete(v -> {
                    live.remove(job.id());
                    job.kept.tryComplete();
                    done.tryComplete();
                });
    }

    /** The response as it stands, or null. */
    Future<StoredResponse> find(String tenant, String id) {
        BackgroundResponse job = live.get(id);
        if (job != null) {
            return job.principal.tenant().equals(tenant)
                    ? on(job, () -> new StoredResponse(job.assembler.json(), Json.write(job.input())))
                    : Future.succeededFuture();
        }
        return done(tenant, id)
                .map(record -> record == null
                        ? null
                        : new StoredResponse(Json.write(record.get("response")), Json.write(record.get("input"))));
    }

    private Future<Map<String, Object>> done(String tenant, String id) {
        if (!journal.exists()) {
            return Future.succeededFuture();
        }
        return journal.get(DONE + id)
                .map(record -> record != null
                                && tenant.equals(record.get("tenant"))
                                && (Long) record.get("expires") > System.currentTimeMillis()
                        ? record
                        : null);
    }

    /** The events after a number, those to come included; null where there is no such response in the background. */
    Future<Reply> stream(Exchange reader, String id, long after) {
        String tenant = reader.principal().tenant();
        BackgroundResponse job = live.get(id);
        if (job != null) {
            if (!job.principal.tenant().equals(tenant)) {
                return Future.succeededFuture();
            }
            if (job.log == null) {
                return Future.failedFuture(notStreamed());
            }
            return Future.succeededFuture(events(job, after, reader));
        }
        return done(tenant, id).map(record -> {
            if (record == null) {
                return null;
            }
            if (!(record.get("events") instanceof List<?> texts)) {
                throw notStreamed();
            }
            EventLog log = new EventLog();
            for (Object text : texts) {
                byte[] data = ((String) text).getBytes(StandardCharsets.UTF_8);
                log.add(Json.text(Json.readObject(data).get("type")), data);
            }
            log.end();
            return Reply.events(log.after(after, reader.context()));
        });
    }

    static ApiException notStreamed() {
        return ApiException.badRequest(
                "stream",
                "invalid_value",
                "This response was not created with 'background' and 'stream', so that it has no events.");
    }

    /** Stops making a response; returns it as it ends, or null if there is none. No later process takes it up again. */
    Future<StoredResponse> cancel(String tenant, String id) {
        BackgroundResponse job = live.get(id);
        if (job == null || !job.principal.tenant().equals(tenant)) {
            return find(tenant, id);
        }
        return on(job, () -> {
                    job.assembler.cancel();
                    StoredResponse response = new StoredResponse(job.assembler.json(), Json.write(job.input()));
                    if (job.delivery != null) {
                        job.delivery.clientLeft();
                    } else {
                        finished(job, Promise.promise());
                    }
                    return response;
                })
                .compose(response -> job.kept.future().map(response));
    }

    /** Whether there was one that is done; one that is being made is cancelled first. */
    Future<Boolean> delete(String tenant, String id) {
        return cancel(tenant, id).compose(response -> {
            if (response == null) {
                return Future.succeededFuture(false);
            }
            live.remove(id);
            return journal.remove(JOB + id)
                    .compose(v -> journal.remove(DONE + id))
                    .map(true);
        });
    }

    private static <T> Future<T> on(BackgroundResponse job, java.util.function.Supplier<T> look) {
        Promise<T> promise = Promise.promise();
        job.context.runOnContext(v -> {
            try {
                promise.complete(look.get());
            } catch (RuntimeException e) {
                promise.fail(e);
            }
        });
        return promise.future();
    }
}
