package io.edgeway.jinja;

import java.time.Clock;

/** The state of one rendering: what it may still spend, and the clock that it reads. */
final class Render {
    final Clock clock;
    private final Limits limits;
    private long work;
    private int depth;

    Render(Limits limits, Clock clock) {
        this.limits = limits;
        this.clock = clock;
    }

    /** Counts one step. */
    void step() {
        if (++work > limits.work()) {
            throw TemplateException.limit("the template does more than " + limits.work() + " steps");
        }
    }

    /** Counts the making of a text or list of this size, which is refused before it is made. */
    void reserve(long size) {
        if (size > limits.output()) {
            throw TemplateException.limit("a text or list grows beyond " + limits.output());
        }
        work += size >> 4;
        step();
    }

    /** Counts one step of the making of a text, and refuses one that has grown too long. */
    void grown(StringBuilder out) {
        if (out.length() > limits.output()) {
            throw TemplateException.limit("a text grows beyond " + limits.output() + " characters");
        }
        step();
    }

    String made(String text) {
        reserve(text.length());
        return text;
    }

    void enter() {
        if (++depth > limits.depth()) {
            throw TemplateException.limit("calls nest deeper than " + limits.depth());
        }
        step();
    }

    void leave() {
        depth--;
    }

    void print(StringBuilder out, String text) {
        if ((long) out.length() + text.length() > limits.output()) {
            throw TemplateException.limit("the output grows beyond " + limits.output() + " characters");
        }
        work += text.length() >> 4;
        out.append(text);
    }
}
