package io.edgeway.plugin.router;

import io.edgeway.embed.Embeddings;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Stage;
import io.vertx.core.Future;
import java.util.function.Function;

/** Asks a learnt head whether the local model will do, and puts the local or the cloud models first accordingly. */
final class Difficulty {
    private final DifficultyHead head;
    private final Function<String, Future<float[]>> embed;
    private final Threshold threshold;

    /** @param embed the text's vector, of length one */
    Difficulty(DifficultyHead head, Function<String, Future<float[]>> embed, Threshold threshold) {
        this.head = head;
        this.embed = embed;
        this.threshold = threshold;
    }

    /** @param decides whether the head's word is final, or one of the things that a cascade's judge weighs */
    Future<Void> apply(Selection selection, boolean decides) {
        String text = Ask.lastUserText(selection.exchange());
        if (text.isBlank()) {
            return Future.succeededFuture();
        }
        return vector(selection.exchange(), text).transform(vector -> {
            // Without a vector there is nothing to judge by; the order of the model's own list stands.
            if (vector.succeeded()) {
                judge(selection, text, vector.result(), decides);
            }
            return Future.succeededFuture();
        });
    }

    private Future<float[]> vector(Exchange exchange, String text) {
        float[] known = exchange.fact(Embeddings.LAST_USER_TURN);
        if (known != null) {
            return Future.succeededFuture(known);
        }
        return embed.apply(text).onSuccess(vector -> {
            exchange.fact(Embeddings.LAST_USER_TURN, vector);
            exchange.passport().stamp(Stage.EMBEDDED);
        });
    }

    private void judge(Selection selection, String text, float[] vector, boolean decides) {
        double odds = head.odds(vector, text);
        selection.headOdds(odds);
        if (!decides) {
            return;
        }
        double local = DifficultyHead.probability(odds);
        boolean enough = threshold.enough(local);
        selection.prefer(
                enough ? Model.Kind.LOCAL : Model.Kind.CLOUD,
                Reason.of(Reason.Kind.DIFFICULTY, "p=" + Reason.number(local)));
        if (!enough) {
            selection.cascade(false);
        }
    }
}
