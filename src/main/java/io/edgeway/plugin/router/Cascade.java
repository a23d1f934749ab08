package io.edgeway.plugin.router;

import io.edgeway.pipeline.Confidence;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.function.Function;

/**
 * Holds a local reply back until its first tokens have shown whether the model knows the answer, by how sure they are and
 * by what they say. Not a byte has left by then, so a doubtful exchange can still go to the cloud.
 */
final class Cascade {
    /** The local model does not know, or takes too long to tell. */
    static final class Unsure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unsure(String detail) {
            super(detail, null, false, false);
        }
    }

    private final Vertx vertx;
    private final int tokens;
    private final double maxEntropy;
    private final double minMargin;
    private final long maxDelayMillis;
    private final Opening opening;

    Cascade(Vertx vertx, RouterConfig.CascadeConfig options) {
        this.vertx = vertx;
        this.tokens = options.tokens();
        this.maxEntropy = options.maxEntropy();
        this.minMargin = options.minMargin();
        this.maxDelayMillis = Math.max(1, options.maxDelay().toMillis());
        this.opening = new Opening(options.handOver().orElse(List.of()));
        if (tokens < 1) {
            throw new IllegalArgumentException("cascade.tokens: expected 1 or more");
        }
    }

    /**
     * @param call calls the local model with the fork
     * @return the reply of a model that is sure; fails with {@link Unsure}, or as the call did
     */
    Future<Judged> judge(Exchange fork, Function<Exchange, Future<Reply>> call) {
        Judgement judgement = new Judgement(fork);
        fork.fact(Hints.PROBE, new Confidence.Probe(tokens, judgement::reported));
        judgement.timer = vertx.setTimer(maxDelayMillis, id -> judgement.late());
        call.apply(fork).onComplete(result -> {
            if (result.succeeded()) {
                judgement.began(result.result());
            } else {
                judgement.fail(result.cause());
            }
        });
        return judgement.promise.future();
    }

    /** @param detail the finding, for the route's reason */
    record Judged(Reply reply, String detail) {}

    private final class Judgement {
        final Exchange fork;
        final Promise<Judged> promise = Promise.promise();
        long timer;
        private Reply reply;
        private String finding;

        Judgement(Exchange fork) {
            this.fork = fork;
        }

        void reported(Confidence confidence) {
            double entropy = mean(confidence.entropies());
            double margin = mean(confidence.margins());
            finding = "entropy=" + Reason.number(entropy) + "; margin=" + Reason.number(margin);
            if (confidence.tokens() > 0 && (entropy > maxEntropy || margin < minMargin)) {
                fail(new Unsure(finding));
            } else if (reply != null) {
                listen();
            }
        }

        void began(Reply reply) {
            this.reply = reply;
            // A whole reply has cost all that it can, reported or not.
            if (finding != null || !reply.streamed()) {
                listen();
            }
        }

        private void listen() {
            opening.read(reply).onComplete(heard -> {
                if (heard.failed()) {
                    fail(heard.cause());
                } else if (heard.result() == null) {
                    fail(new Unsure("hands-over"));
                } else {
                    reply = heard.result();
                    succeed();
                }
            });
        }

        void late() {
            timer = -1;
            fail(new Unsure("late"));
        }

        private void succeed() {
            stopTimer();
            promise.tryComplete(new Judged(reply, finding));
        }

        void fail(Throwable cause) {
            stopTimer();
            if (promise.tryFail(cause) && cause instanceof Unsure) {
                fork.cancel(cause);
            }
        }

        private void stopTimer() {
            if (timer >= 0) {
                vertx.cancelTimer(timer);
                timer = -1;
            }
        }
    }

    private static double mean(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return values.length == 0 ? 0 : sum / values.length;
    }
}
