package io.edgeway.plugin.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.edgeway.testkit.Asking;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class RequestKeyProperties {
    private static final List<String> VARY = List.of("x-edgeway-route", "openai-beta", "anthropic-beta");

    @Property(tries = 1000)
    void requestsShareAKeyExactlyIfTheyDifferInNothingThatMatters(@ForAll("two") Asking.Two two) {
        Set<String> form = new HashSet<>(Asking.form());
        form.add("@key");
        same(two, form, new RequestKey(false, VARY));
    }

    @Property(tries = 500)
    void withScopeKeyTheCallersKeyMattersToo(@ForAll("two") Asking.Two two) {
        same(two, Asking.form(), new RequestKey(true, VARY));
    }

    private static void same(Asking.Two two, Set<String> but, RequestKey keys) {
        Set<String> differences = two.differences(but);
        assertEquals(
                differences.isEmpty(),
                keys.of(two.a().exchange()).equals(keys.of(two.b().exchange())),
                () -> "they differ in " + differences);
    }

    @Provide
    Arbitrary<Asking.Two> two() {
        return Asking.two();
    }
}
