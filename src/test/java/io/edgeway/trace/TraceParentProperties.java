package io.edgeway.trace;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;

class TraceParentProperties {
    @Property
    void whatIsWrittenIsReadAgain(@ForAll long high, @ForAll long low, @ForAll long span, @ForAll boolean sampled) {
        Assume.that((high | low) != 0 && span != 0);
        TraceParent parent = new TraceParent(high, low, span, sampled);
        assertThat(TraceParent.parse(parent.toString())).isEqualTo(parent);
    }

    /** One character of a good header changed: it is refused, or read as it says. */
    @Property
    void whatIsReadIsWrittenAlike(
            @ForAll @IntRange(max = 54) int at, @ForAll @CharRange(from = ' ', to = 'z') char to) {
        StringBuilder text = new StringBuilder("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        text.setCharAt(at, to);
        TraceParent parent = TraceParent.parse(text.toString());
        if (parent != null) {
            assertThat(parent.toString().substring(3, 52)).isEqualTo(text.substring(3, 52));
        } else {
            assertThat(Character.isDigit(to) || to >= 'a' && to <= 'e')
                    .as("a hex digit was refused: " + text)
                    .isIn(false, at == 2 || at == 35 || at == 52);
        }
    }

    @Example
    void whatTheSpecificationForbidsIsNotRead() {
        String good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assertThat(TraceParent.parse(good).traceId()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
        assertThat(TraceParent.parse(good).sampled()).isTrue();
        assertThat(TraceParent.parse("cc" + good.substring(2) + "-more"))
                .as("a later version")
                .isNotNull();
        for (String bad : new String[] {
            "",
            good + "-more",
            "ff" + good.substring(2),
            good.toUpperCase(),
            good.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0".repeat(32)),
            good.replace("00f067aa0ba902b7", "0".repeat(16)),
            good.replace('-', '_'),
            good.substring(1),
        }) {
            assertThat(TraceParent.parse(bad)).as(bad).isNull();
        }
        assertThat(TraceParent.parse(null)).isNull();
    }
}
