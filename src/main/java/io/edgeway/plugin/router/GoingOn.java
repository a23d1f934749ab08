package io.edgeway.plugin.router;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.edgeway.sse.Sse;
import io.edgeway.sse.SseParser;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A chat stream that outlives its backend: where it breaks or falls silent, another model goes on from the text that
 * the client has.
 */
final class GoingOn {
    /*
     * FIRST -> SWITCHING -> SECOND -> OVER. Only whole events are passed on, so that a cut within an event leaves the
     * client with a stream that can be continued. What the second model says is told under the first one's id, because
     * clients put chunks together by it; the first chunk says so in the member "edgeway", and so does an event of its
     * own before the end.
     */
    private enum Phase {
        FIRST,
        SWITCHING,
        SECOND,
        OVER
    }

    private static final int HIGH_WATER = 64 << 10;
    private static final int MAX_EVENT = 4 << 20;
    private static final String EVENT = "edgeway.takeover";

    private final Vertx vertx;
    private final RouterConfig.GoingOnConfig options;
    private final RouterMeters meters;
    private final Ledger ledger;
    private final Lane first;
    private final Function<String, Lane> second;
    private final PushStream out = new PushStream(HIGH_WATER);
    private final Transcript transcript;

    private Phase phase = Phase.FIRST;
    private ReadStream<Buffer> source;
    private Buffer held;
    private boolean paused;
    private long lastActivity = System.nanoTime();
    private long timer = -1;
    private String reason;
    private Lane successor;
    private boolean marked;
    private boolean ended;

    /** @param second starts a model that goes on from a text; gives null where there is none to ask */
    GoingOn(
            Vertx vertx,
            RouterConfig.GoingOnConfig options,
            RouterMeters meters,
            Ledger ledger,
            Lane first,
            Function<String, Lane> second) {
        this.vertx = vertx;
        this.options = options;
        this.meters = meters;
        this.ledger = ledger;
        this.first = first;
        this.second = second;
        this.transcript = new Transcript(options.maxCharacters());
    }

    /** The stream to give to the client in place of {@code stream}. */
    ReadStream<Buffer> watch(ReadStream<Buffer> stream) {
        out.drainHandler(v -> {
            if (paused) {
                paused = false;
                lastActivity = System.nanoTime();
                source.resume();
            }
        });
        source = stream;
        stream.handler(this::data);
        stream.endHandler(v -> end());
        stream.exceptionHandler(this::broken);
        first.fork().onCancel(this::stopTimer);
        arm(options.stall().toMillis());
        stream.resume();
        return out;
    }

    private void data(Buffer bytes) {
        if (phase != Phase.FIRST) {
            return;
        }
        lastActivity = System.nanoTime();
        Buffer all = held == null ? bytes : held.appendBuffer(bytes);
        byte[] raw = all.getBytes();
        int cut = Sse.lastEventEnd(raw);
        if (cut < 0) {
            held = all.length() > MAX_EVENT ? null : Buffer.buffer(raw);
            if (held == null) {
                broken(ApiException.upstream("upstream_invalid_reply", "An event of the stream is too large."));
            }
            return;
        }
        held = cut == raw.length ? null : Buffer.buffer().appendBytes(raw, cut, raw.length - cut);
        byte[] whole = cut == raw.length ? raw : java.util.Arrays.copyOf(raw, cut);
        transcript.feed(whole);
        out.write(Buffer.buffer(whole));
        if (out.full() && !paused) {
            paused = true;
            source.pause();
        }
    }

    private void end() {
        if (phase != Phase.FIRST) {
            return;
        }
        if (held != null) {
            out.write(held);
        }
        over();
        out.end();
    }

    private void arm(long millis) {
        timer = vertx.setTimer(Math.max(1, millis), id -> tick());
    }

    private void tick() {
        timer = -1;
        if (phase != Phase.FIRST) {
            return;
        }
        long stall = options.stall().toMillis();
        long left = paused ? stall : stall - (System.nanoTime() - lastActivity) / 1_000_000;
        if (left > 0) {
            arm(left);
        } else {
            broken(ApiException.timeout(
                    "upstream_stalled", "The model " + first.backend() + " fell silent within its reply."));
        }
    }

    private void broken(Throwable failure) {
        if (phase != Phase.FIRST) {
            return;
        }
        stopTimer();
        first.stop();
        if (transcript.finished()) {
            // All of the answer is there; only the last word is missing.
            if (!transcript.done()) {
                out.write(Buffer.buffer(Sse.event(Sse.DONE)));
            }
            over();
            out.end();
            return;
        }
        phase = Phase.SWITCHING;
        reason = failure instanceof ApiException error && error.code() != null ? error.code() : "broken";
        successor = transcript.canGoOn() ? second.apply(transcript.text()) : null;
        Future<Reply> reply = successor == null ? Future.failedFuture(failure) : successor.reply();
        reply.onComplete(result -> {
            if (result.succeeded() && result.result().streamed()) {
                goOn(result.result().stream());
            } else {
                meters.takeOverFailed();
                over();
                ledger.settle();
                out.fail(failure);
            }
        });
    }

    private void goOn(ReadStream<Buffer> stream) {
        phase = Phase.SECOND;
        meters.tookOver();
        ledger.standIn(reason);
        source = stream;
        paused = false;
        SseParser parser = new SseParser(MAX_EVENT, (type, data, id) -> event(data));
        stream.handler(bytes -> {
            if (phase != Phase.SECOND) {
                return;
            }
            try {
                parser.feed(bytes.getBytes());
            } catch (JsonException | SseParser.TooLarge e) {
                failSecond(e);
                return;
            }
            if (out.full() && !paused) {
                paused = true;
                source.pause();
            }
        });
        stream.exceptionHandler(this::failSecond);
        stream.endHandler(v -> {
            if (phase != Phase.SECOND) {
                return;
            }
            if (ended) {
                over();
                ledger.settle();
                out.end();
            } else {
                failSecond(ApiException.upstream("stream_truncated", "The reply ended before it was complete."));
            }
        });
        stream.resume();
    }

    private void failSecond(Throwable failure) {
        if (phase == Phase.SECOND) {
            over();
            successor.stop();
            ledger.settle();
            out.fail(failure);
        }
    }

    private void event(String data) {
        if (data.equals(Sse.DONE)) {
            ended = true;
            out.write(Buffer.buffer(Sse.event(EVENT, Json.write(trailer()))));
            out.write(Buffer.buffer(Sse.event(Sse.DONE)));
            return;
        }
        Map<String, Object> chunk = Json.readObject(data.getBytes(StandardCharsets.UTF_8));
        chunk.put("id", transcript.id());
        chunk.put("created", transcript.created());
        boolean says = false;
        if (chunk.get("choices") instanceof List<?> choices) {
            for (Object choice : choices) {
                if (choice instanceof Map<?, ?> map && map.get("delta") instanceof Map<?, ?> delta) {
                    delta.remove("role");
                    says |= !delta.isEmpty() || map.get("finish_reason") != null;
                }
            }
        }
        Usage stated = Usage.read(chunk.get("usage"));
        if (stated != null) {
            Usage before = first.fork().usage();
            chunk.put("usage", (before == null ? stated : stated.plus(before)).toChat());
        } else if (!says) {
            return;
        }
        if (!marked) {
            marked = true;
            chunk.put("edgeway", Map.of("takeover", takeover()));
        }
        out.write(Buffer.buffer(Sse.event(Json.write(chunk))));
    }

    private Map<String, Object> takeover() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("from", first.backend());
        map.put("to", successor.backend());
        map.put("reason", reason);
        map.put("after_characters", transcript.text().length());
        return map;
    }

    /** A chunk that changes nothing for a client that does not know the event. */
    private Map<String, Object> trailer() {
        Map<String, Object> choice = new LinkedHashMap<>();
        choice.put("index", 0);
        choice.put("delta", Map.of());
        choice.put("finish_reason", null);
        Map<String, Object> usage = new LinkedHashMap<>();
        put(usage, first);
        put(usage, successor);
        Map<String, Object> takeover = takeover();
        takeover.put("usage", usage);
        Map<String, Object> chunk = new LinkedHashMap<>();
        chunk.put("id", transcript.id());
        chunk.put("object", "chat.completion.chunk");
        chunk.put("created", transcript.created());
        chunk.put("model", successor.model().name());
        chunk.put("choices", List.of(choice));
        chunk.put("edgeway", Map.of("takeover", takeover));
        return chunk;
    }

    private static void put(Map<String, Object> usage, Lane lane) {
        if (lane.fork().usage() != null) {
            usage.put(lane.backend(), lane.fork().usage().toChat());
        }
    }

    private void over() {
        phase = Phase.OVER;
        stopTimer();
    }

    private void stopTimer() {
        if (timer >= 0) {
            vertx.cancelTimer(timer);
            timer = -1;
        }
    }
}
