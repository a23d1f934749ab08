package io.edgeway.grammar;

/** A named entry into a graph of nodes. The start may be set after others refer to the rule, for recursion's sake. */
final class Rule {
    Node start;

    Rule() {}

    Rule(Node start) {
        this.start = start;
    }
}
