package io.edgeway.backend.local;

/**
 * The requests that hold a slot, by the row of the decoder that is theirs. Those that take part in steps come first; after
 * them come those that read their prompt or are paused. Confined to the engine's thread.
 */
final class Rows {
    private final Generation[] rows;
    private int count;
    private int running;

    Rows(int slots) {
        rows = new Generation[slots];
    }

    int count() {
        return count;
    }

    /** How many take part in steps. */
    int running() {
        return running;
    }

    int slots() {
        return rows.length;
    }

    boolean full() {
        return count == rows.length;
    }

    Generation get(int row) {
        return rows[row];
    }

    /** Gives a request a row, in which it reads its prompt. */
    int add(Generation generation) {
        rows[count] = generation;
        return count++;
    }

    /** How many have not read their prompt. */
    int prompts() {
        int prompts = 0;
        for (int row = running; row < count; row++) {
            prompts += rows[row].prompted() ? 0 : 1;
        }
        return prompts;
    }

    /** The row of the prompt that has waited longest, or -1. */
    int oldestPrompt() {
        int oldest = -1;
        for (int row = running; row < count; row++) {
            if (!rows[row].prompted()
                    && (oldest < 0 || rows[row].submittedNanos() - rows[oldest].submittedNanos() < 0)) {
                oldest = row;
            }
        }
        return oldest;
    }

    /** Takes a row out; the last running row, and then the last of all, move up into the holes. */
    void remove(int row, Decoder decoder) {
        int hole = row;
        if (row < running) {
            running--;
            move(running, hole, decoder);
            hole = running;
        }
        count--;
        move(count, hole, decoder);
        rows[count] = null;
        decoder.vacate(count);
    }

    private void move(int from, int to, Decoder decoder) {
        if (from != to) {
            decoder.move(from, to, rows[from].length());
            rows[to] = rows[from];
        }
    }

    /** Lets a row take part in steps. */
    void promote(int row, Decoder decoder) {
        exchange(row, running++, decoder);
    }

    void demote(int row, Decoder decoder) {
        exchange(row, --running, decoder);
    }

    private void exchange(int a, int b, Decoder decoder) {
        if (a != b) {
            decoder.swap(a, b, Math.max(rows[a].length(), rows[b].length()));
            Generation held = rows[a];
            rows[a] = rows[b];
            rows[b] = held;
        }
    }

    /** Fails and forgets all. */
    void fail(RuntimeException cause) {
        for (int row = 0; row < count; row++) {
            rows[row].fail(cause);
            rows[row] = null;
        }
        count = 0;
        running = 0;
    }
}
