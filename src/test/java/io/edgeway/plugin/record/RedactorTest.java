package io.edgeway.plugin.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedactorTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "write to ann.lee+x@mail.example.org now | write to [email] now",
                "card 4111 1111 1111 1111, please | card [card], please",
                "card 5555-5555-5555-4444 | card [card]",
                "call +44 20 7262 6699 | call [phone]",
                "call (202) 944-6000 today | call [phone] today",
                "my number is 0171 555 1234 | my number is [phone]",
                "key sk-proj-Abcdefghij0123456789 | key [secret]",
                "use AKIAIOSFODNN7EXAMPLE | use [secret]",
                "ghp_0123456789abcdefABCDEF | [secret]",
                "Authorization: Bearer abc.DEF-123456789 | Authorization: [secret]",
                "password: hunter2! | [secret]",
                "eyJhbGciOiJI.eyJzdWIiOiIx.sig_nature | [secret]"
            })
    void takesOut(String text, String expected) {
        assertEquals(expected, Redactor.redact(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "12 + 30 = 42",
                "in 1969 and 1989",
                "299,792 kilometres per second",
                "2026-11-23T14:09:20",
                "version 3.33.2",
                "192.168.10.12",
                "order 123456789012",
                "a @ b",
                "the token is short"
            })
    void leavesAlone(String text) {
        assertEquals(text, Redactor.redact(text));
    }

    @Property(tries = 200)
    void noAddressSurvivesWhereverItStands(
            @ForAll @IntRange(max = 40) int before, @ForAll @IntRange(max = 40) int after) {
        String text = "x ".repeat(before) + "joe@example.com" + " y".repeat(after);
        assertFalse(Redactor.redact(text).contains("example"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1 ", "a.", "a@a.", "(", "-", "sk-", "+1-", "eyJ"})
    void hostileTextIsNotSlow(String piece) {
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> Redactor.redact(piece.repeat(60_000)));
    }
}
