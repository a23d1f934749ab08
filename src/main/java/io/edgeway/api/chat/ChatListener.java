package io.edgeway.api.chat;

import io.edgeway.api.Usage;

/** Receives what a chat reply says, piece by piece, whether it came whole or as a stream of chunks. */
public interface ChatListener {
    /** Said once, before anything else. */
    default void started(String id, String model, long created) {}

    /** @param logprobs the list of OpenAI's token objects that belong to the piece, or null */
    default void text(int choice, String piece, Object logprobs) {}

    /** A piece of what a reasoning model thinks aloud. */
    default void reasoning(int choice, String piece) {}

    default void refusal(int choice, String piece) {}

    /**
     * A piece of a call of a tool.
     *
     * @param index which of the reply's calls
     * @param id the call's id, in its first piece only; null later
     * @param name the tool's name, in the first piece only; null later
     * @param arguments a piece of the JSON text, perhaps empty
     */
    default void toolCall(int choice, int index, String id, String name, String arguments) {}

    /** Which of the request's stop strings ended a reply, where the backend says so; before {@link #finished}. */
    default void stoppedAt(int choice, String stop) {}

    /** @param reason {@code stop}, {@code length}, {@code tool_calls} or {@code content_filter} */
    default void finished(int choice, String reason) {}

    default void usage(Usage usage) {}
}
