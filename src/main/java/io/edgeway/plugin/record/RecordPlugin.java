package io.edgeway.plugin.record;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.api.Dialect;
import io.edgeway.api.chat.ChatListener;
import io.edgeway.api.chat.ChatReader;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.ForwardStream;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.sse.SseParser;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes down the exchanges that the cloud answered in full, for the callers who agreed to it. */
final class RecordPlugin implements Plugin {
    private final Recordings recordings;
    private final Set<String> keys;
    private final boolean anonymous;
    private final int maxEntry;
    private final Shadow shadow;

    /** @param shadow null where no local model is asked beside the cloud */
    RecordPlugin(Recordings recordings, Set<String> keys, boolean anonymous, int maxEntry, Shadow shadow) {
        this.recordings = recordings;
        this.keys = keys;
        this.anonymous = anonymous;
        this.maxEntry = maxEntry;
        this.shadow = shadow;
    }

    @Override
    public Future<Void> start() {
        if (shadow != null) {
            try {
                shadow.start();
            } catch (IllegalArgumentException e) {
                return Future.failedFuture(e);
            }
        }
        return Future.succeededFuture();
    }

    @Override
    public void close() {
        if (shadow != null) {
            shadow.close();
        }
    }

    @Override
    public Future<Reply> handle(Exchange exchange, Next next) {
        if (!agreed(exchange.principal())
                || exchange.dialect() != Dialect.CHAT
                || exchange.body().length() > maxEntry) {
            return next.handle(exchange);
        }
        Answer answer = new Answer(maxEntry);
        exchange.onEnd(outcome -> {
            if (outcome.completed() && outcome.status() == 200) {
                keep(exchange, answer);
            }
        });
        return next.handle(exchange).map(reply -> observe(reply, answer));
    }

    private boolean agreed(Principal principal) {
        return principal.keyId() == null ? anonymous : keys.contains(principal.keyId());
    }

    private static Reply observe(Reply reply, Answer answer) {
        if (reply.streamed()) {
            return reply.withStream(source -> new Tap(source, answer));
        }
        answer.whole(reply.body());
        return reply;
    }

    private void keep(Exchange exchange, Answer answer) {
        String backend = exchange.backend();
        if (backend == null || !backend.startsWith("cloud/") || !answer.usable()) {
            return;
        }
        ChatRequest request = exchange.request();
        List<Map<String, Object>> messages = new ArrayList<>();
        for (Map<String, Object> message : request.messages()) {
            // What only text cannot show, a text model cannot learn.
            if (!(message.get("content") instanceof String text) || message.get("tool_calls") != null) {
                return;
            }
            messages.add(Json.object("role", message.get("role"), "content", Redactor.redact(text)));
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("time", Instant.now().toString());
        line.put("key", exchange.principal().keyId());
        line.put("model", exchange.model());
        line.put("backend", backend);
        line.put("messages", messages);
        String text = answer.text.toString();
        String redacted = Redactor.redact(text);
        line.put("answer", redacted);
        // Token by token the text would show what was taken out of it.
        if (!answer.logprobs.isEmpty() && redacted.equals(text)) {
            line.put("logprobs", answer.logprobs);
        }
        recordings.add(Json.write(line));
        if (shadow != null) {
            shadow.ask(exchange, text);
        }
    }

    /** What the cloud said, as far as it was one answer of plain text. */
    private static final class Answer implements ChatListener {
        private final int limit;
        private final ChatReader reader = new ChatReader(this);
        private final StringBuilder text = new StringBuilder();
        private final List<Object> logprobs = new ArrayList<>();
        private boolean stopped;
        private boolean odd;

        Answer(int limit) {
            this.limit = limit;
        }

        boolean usable() {
            return stopped && !odd && !text.isEmpty();
        }

        void whole(Buffer body) {
            if (body.length() > limit) {
                odd = true;
                return;
            }
            try {
                reader.completion(body.getBytes());
            } catch (ApiException | JsonException e) {
                odd = true;
            }
        }

        void event(String data) {
            if (odd) {
                return;
            }
            try {
                reader.chunk(data);
            } catch (ApiException | JsonException e) {
                odd = true;
            }
        }

        @Override
        public void text(int choice, String piece, Object said) {
            if (choice != 0 || text.length() + piece.length() > limit) {
                odd = true;
                return;
            }
            text.append(piece);
            if (said instanceof List<?> tokens && logprobs.size() < limit / 64) {
                logprobs.addAll(tokens);
            }
        }

        @Override
        public void refusal(int choice, String piece) {
            odd = true;
        }

        @Override
        public void toolCall(int choice, int index, String id, String name, String arguments) {
            odd = true;
        }

        @Override
        public void finished(int choice, String reason) {
            stopped |= "stop".equals(reason);
        }
    }

    /** Reads along without holding anything back. */
    private static final class Tap extends ForwardStream {
        private final Answer answer;
        private final SseParser parser;

        Tap(ReadStream<Buffer> source, Answer answer) {
            super(source);
            this.answer = answer;
            parser = new SseParser(answer.limit, (type, data, id) -> answer.event(data));
        }

        @Override
        protected void onData(Buffer buffer) {
            if (!answer.odd) {
                try {
                    parser.feed(buffer.getBytes());
                } catch (SseParser.TooLarge e) {
                    answer.odd = true;
                }
            }
            emit(buffer);
        }
    }
}
