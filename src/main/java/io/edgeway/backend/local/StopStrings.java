package io.edgeway.backend.local;

import java.util.List;

/**
 * Finds stop strings in text that comes in pieces, wherever the pieces are cut. Text that may turn out to be the
 * beginning of a stop string is held back until it is clear.
 */
final class StopStrings {
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private String found;

    StopStrings(List<String> stops) {
        this.stops = stops;
    }

    /** The text that may go out now; once a stop string is {@link #found}, what stood before it. */
    String next(String text) {
        if (stops.isEmpty()) {
            return text;
        }
        held.append(text);
        int first = -1;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            if (at >= 0 && (first < 0 || at < first)) {
                first = at;
                found = stop;
            }
        }
        if (first >= 0) {
            return take(first);
        }
        int keep = 0;
        for (String stop : stops) {
            keep = Math.max(keep, overlap(stop));
        }
        return take(held.length() - keep);
    }

    /** The stop string that came, or null as long as none has. */
    String found() {
        return found;
    }

    /** What is still held when the reply ends for another reason. */
    String finish() {
        return found != null ? "" : take(held.length());
    }

    private String take(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        return text;
    }

    /** The length of the longest beginning of a stop string that the held text ends with. */
    private int overlap(String stop) {
        for (int length = Math.min(stop.length() - 1, held.length()); length > 0; length--) {
            int from = held.length() - length;
            int i = 0;
            while (i < length && held.charAt(from + i) == stop.charAt(i)) {
                i++;
            }
            if (i == length) {
                return length;
            }
        }
        return 0;
    }
}
