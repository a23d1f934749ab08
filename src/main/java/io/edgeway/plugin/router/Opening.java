package io.edgeway.plugin.router;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.util.List;
import java.util.Map;

/** Reads the first words of a reply and tells whether they are one of the phrases by which a model hands over. */
final class Opening {
    private static final int HIGH_WATER = 64 << 10;
    private static final int MAX_CHARACTERS = 4096;

    private final List<String> phrases;

    Opening(List<String> phrases) {
        this.phrases = List.copyOf(phrases);
    }

    /** The same reply, to be read from its beginning; null where it hands over. */
    Future<Reply> read(Reply reply) {
        if (phrases.isEmpty()) {
            return Future.succeededFuture(reply);
        }
        if (!reply.streamed()) {
            return Future.succeededFuture(verdict(text(reply.body()), true) == Verdict.HANDS_OVER ? null : reply);
        }
        return new Reading(reply).promise.future();
    }

    private enum Verdict {
        ANSWERS,
        HANDS_OVER,
        OPEN
    }

    private Verdict verdict(String text, boolean all) {
        String begun = text.stripLeading();
        boolean open = false;
        for (String phrase : phrases) {
            if (begun.startsWith(phrase)) {
                return Verdict.HANDS_OVER;
            }
            open |= phrase.startsWith(begun);
        }
        return open && !all ? Verdict.OPEN : Verdict.ANSWERS;
    }

    private static String text(Buffer completion) {
        try {
            return Json.readObject(completion.getBytes()).get("choices") instanceof List<?> choices
                            && !choices.isEmpty()
                            && choices.getFirst() instanceof Map<?, ?> choice
                            && choice.get("message") instanceof Map<?, ?> message
                            && message.get("content") instanceof String text
                    ? text
                    : "";
        } catch (JsonException e) {
            return "";
        }
    }

    private final class Reading {
        final Promise<Reply> promise = Promise.promise();
        private final Reply reply;
        private final ReadStream<Buffer> source;
        private final PushStream out = new PushStream(HIGH_WATER);
        private final Transcript transcript = new Transcript(MAX_CHARACTERS);
        private boolean decided;

        Reading(Reply reply) {
            this.reply = reply;
            this.source = reply.stream();
            out.drainHandler(v -> source.resume());
            source.handler(this::data);
            source.endHandler(v -> {
                decide(true);
                out.end();
            });
            source.exceptionHandler(failure -> {
                // A model that breaks off at once has said nothing to judge by.
                if (!decided) {
                    decided = true;
                    promise.fail(failure);
                }
                out.fail(failure);
            });
            source.resume();
        }

        private void data(Buffer bytes) {
            out.write(bytes);
            if (!decided) {
                transcript.feed(bytes.getBytes());
                decide(!transcript.canGoOn());
            }
            if (out.full()) {
                source.pause();
            }
        }

        private void decide(boolean all) {
            if (decided) {
                return;
            }
            Verdict verdict = verdict(transcript.text(), all);
            if (verdict != Verdict.OPEN) {
                decided = true;
                promise.complete(verdict == Verdict.HANDS_OVER ? null : reply.withStream(stream -> out));
            }
        }
    }
}
