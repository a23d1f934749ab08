package io.edgeway.plugin.semantic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where words are only spelt like a difference, and where the same words are one. */
class VerifierTest {
    private static Refusal compare(String a, String b) {
        Refusal there = Verifier.compare(Question.of(a), Question.of(b));
        assertEquals(there, Verifier.compare(Question.of(b), Question.of(a)));
        return there;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "I'm leaving | I am leaving now",
                "What is my current balance? | What is my balance?",
                "I like this | I like that",
                "Which one of them is bigger? | Which of them is bigger?",
                "No one answers | Nobody answers",
                "The shop is open, right? | The shop is open?",
                "You live here, don't you? | You live here, right?",
                "I think dogs dream | Dogs dream",
                "I'm assuming the train is late | The train is late",
                "I have to renew my passport | I gotta renew my passport",
                "Are you a bot or are you a person? | Are you a bot or a person?",
                "Define entropy | What is entropy?",
                "Is there a way to undo a merge? | How can I undo a merge?",
                "I'm going out with friends | I am going out now with friends",
                "Is anyone there? | Is somebody there?",
            })
    void onlyTheSpellingDiffers(String a, String b) {
        assertNull(compare(a, b));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Wake me at 6 am | Wake me at 6 pm",
                "What happened this week? | What happened last week?",
                "What happens in the next two weeks? | What happens in two weeks?",
                "Is it the current year? | Is it the past year?",
                "Call one of them | Call two of them",
                "Give me one example | Give me three examples",
                "You live here, don't you? | You live here",
                "You are kind | I am kind",
                "I think it works | I think it does not work",
                "I have to renew my passport | I have renewed my passport",
                "Is it going to rain? | Is it raining?",
                "I hate my boss | I like my boss",
            })
    void theMatterDiffers(String a, String b) {
        assertNotNull(compare(a, b));
    }
}
