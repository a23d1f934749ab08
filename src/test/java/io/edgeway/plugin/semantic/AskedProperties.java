package io.edgeway.plugin.semantic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.edgeway.testkit.Asking;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class AskedProperties {
    private static final List<String> VARY = List.of("x-edgeway-route", "openai-beta", "anthropic-beta");

    @Property(tries = 1000)
    void requestsMeetOnlyIfNothingButTheLastTurnDiffers(@ForAll("two") Asking.Two two) {
        Asked a = Asked.of(two.a().exchange(), false, VARY);
        Asked b = Asked.of(two.b().exchange(), false, VARY);
        Assume.that(a != null && b != null);
        Set<String> but = new HashSet<>(Asking.form());
        // Of these the class counts alone, which has its own test; the last turn is what is looked for.
        but.addAll(Set.of("@key", "temperature", "top_p", "messages"));
        Set<String> differences = two.differences(but);
        if (!differences.isEmpty()) {
            assertNotEquals(a.partition(), b.partition(), () -> "they differ in " + differences);
        } else if (two.differences(Set.of()).stream().allMatch(Asking.form()::contains)) {
            assertEquals(a, b);
        }
    }

    @Property(tries = 500)
    void withScopeKeyTheCallersKeyMattersToo(@ForAll("two") Asking.Two two) {
        Asked a = Asked.of(two.a().exchange(), true, VARY);
        Asked b = Asked.of(two.b().exchange(), true, VARY);
        Assume.that(a != null && b != null);
        if (two.differences(Set.of()).contains("@key")) {
            assertNotEquals(a.partition(), b.partition());
        }
    }

    @Provide
    Arbitrary<Asking.Two> two() {
        return Asking.two();
    }
}
