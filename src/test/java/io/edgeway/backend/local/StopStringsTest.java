package io.edgeway.backend.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;

class StopStringsTest {
    /** Two letters make overlaps and false starts likely. */
    @Property(tries = 3000)
    void theCutOfPiecesChangesNothing(
            @ForAll @Chars({'a', 'b'}) @StringLength(max = 30) String text,
            @ForAll @Size(min = 1, max = 3) List<@Chars({'a', 'b'}) @StringLength(min = 1, max = 5) String> stops,
            @ForAll @Size(max = 30) List<@IntRange(min = 1, max = 4) Integer> cuts) {
        int first = -1;
        for (String stop : stops) {
            int at = text.indexOf(stop);
            first = at >= 0 && (first < 0 || at < first) ? at : first;
        }
        StopStrings found = new StopStrings(stops);
        StringBuilder out = new StringBuilder();
        int at = 0;
        for (int i = 0; at < text.length() && found.found() == null; i++) {
            int end = Math.min(text.length(), at + (i < cuts.size() ? cuts.get(i) : 1));
            out.append(found.next(text.substring(at, end)));
            at = end;
        }
        out.append(found.finish());
        assertThat(found.found() != null).isEqualTo(first >= 0);
        // With whole text at hand another stop string may begin earlier; with pieces the first to be complete counts.
        if (first >= 0) {
            assertThat(stops).contains(found.found());
            assertThat(text.substring(out.length())).startsWith(found.found());
        }
        assertThat(text).startsWith(out.toString());
        if (first < 0) {
            assertThat(out.toString()).isEqualTo(text);
        }
    }
}
