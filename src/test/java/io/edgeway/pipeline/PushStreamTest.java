package io.edgeway.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PushStreamTest {
    private final List<String> seen = new ArrayList<>();
    private final PushStream stream = new PushStream(4);

    private void read() {
        stream.handler(buffer -> seen.add(buffer.toString()));
        stream.endHandler(v -> seen.add("end"));
        stream.exceptionHandler(e -> seen.add(e.getMessage()));
    }

    @Test
    void holdsUntilItIsAskedAndKeepsOrder() {
        stream.write(Buffer.buffer("a"));
        stream.end();
        read();
        assertThat(seen).isEmpty();
        stream.resume();
        assertThat(seen).containsExactly("a", "end");
    }

    @Test
    void countsAsFullAtItsMarkAndSaysWhenItDrained() {
        read();
        stream.drainHandler(v -> seen.add("drained"));
        stream.write(Buffer.buffer("abcd"));
        assertThat(stream.full()).isTrue();
        stream.fetch(1);
        assertThat(stream.full()).isFalse();
        assertThat(seen).containsExactly("abcd", "drained");
    }

    @Test
    void aFailureComesAfterWhatWasWritten() {
        read();
        stream.write(Buffer.buffer("a"));
        stream.fail(new IllegalStateException("broke"));
        stream.write(Buffer.buffer("late"));
        stream.resume();
        assertThat(seen).containsExactly("a", "broke");
    }

    @Test
    void aPauseWithinAHandlerHoldsTheRest() {
        read();
        stream.handler(buffer -> {
            seen.add(buffer.toString());
            stream.pause();
        });
        stream.write(Buffer.buffer("a"));
        stream.write(Buffer.buffer("b"));
        stream.end();
        stream.resume();
        assertThat(seen).containsExactly("a");
        stream.resume();
        stream.resume();
        assertThat(seen).containsExactly("a", "b", "end");
    }
}
