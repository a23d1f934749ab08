package io.edgeway.grammar;

/** A named entry into a graph of nodes. The start may be set after others refer to the rule, for recursion's sake. */
final class Rule {
    Node start;

    /** In the rule for any one character of a string: the node at its start that takes plain ASCII. Else null. */
    Node anyCharacter;

    Rule() {}

    Rule(Node start) {
        this.start = start;
    }
}
