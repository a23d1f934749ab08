package io.edgeway.plugin.router;

import io.edgeway.pipeline.Confidence;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
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
    private final ConfidenceJudge judge;
    private final Map<String, ConfidenceJudge> own = new ConcurrentHashMap<>();
    private final long maxDelayMillis;
    private final Opening opening;

    Cascade(Vertx vertx, ConfidenceJudge judge, RouterConfig.CascadeConfig options) {
        this.vertx = vertx;
        this.judge = judge;
        this.maxDelayMillis = Math.max(1, options.maxDelay().toMillis());
        this.opening = new Opening(options.handOver().orElse(List.of()));
    }

    /** A judge that came with one local model; the others are judged as configured. */
    void judgedBy(String backend, ConfidenceJudge trained) {
        own.put(backend, trained);
    }

    ConfidenceJudge judgeOf(String backend) {
        return own.getOrDefault(backend, judge);
    }

    /**
     * @param backend the local model's
     * @param headOdds the head's log odds that the local model will do, or 0 where no head was asked
     * @param call calls the local model with the fork
     * @return the reply of a model that is sure; fails with {@link Unsure}, or as the call did
     */
    Future<Judged> judge(String backend, Exchange fork, double headOdds, Function<Exchange, Future<Reply>> call) {
        ConfidenceJudge judge = judgeOf(backend);
        Judgement judgement = new Judgement(judge, fork, headOdds);
        fork.fact(Hints.PROBE, new Confidence.Probe(judge.tokens(), judgement::reported));
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
        final ConfidenceJudge judge;
        final Exchange fork;
        final Promise<Judged> promise = Promise.promise();
        long timer;
        private final double headOdds;
        private Reply reply;
        private String finding;

        Judgement(ConfidenceJudge judge, Exchange fork, double headOdds) {
            this.judge = judge;
            this.fork = fork;
            this.headOdds = headOdds;
        }

        void reported(Confidence confidence) {
            ConfidenceJudge.Verdict verdict = judge.judge(confidence, headOdds);
            finding = verdict.detail();
            if (!verdict.sure()) {
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
}
