package io.edgeway.plugin.semantic;

/** Why two questions must not share an answer, however near they are. */
enum Refusal {
    /** Another number, or the same ones in another order. */
    NUMBER,
    UNIT,
    DATE,
    NEGATION,
    ANTONYM,
    /** I, you, we: whose it is, or who does it to whom. */
    PERSON,
    /** A name that the other does not know. */
    ENTITY,
    /** The same words in an order that turns them round. */
    ORDER,
    /** The language it is written in, or one that it asks for. */
    LANGUAGE,
    CODE,
    FORMAT,
    /** Who, when, where or why; a question or a statement; what was, is or will be; what can, should or must be. */
    ASKED,
    /** All, only, another, first. */
    QUANTIFIER,
    /** A condition that the other does not set. */
    CONDITION,
    /** One word of the matter exchanged for another. */
    SUBSTITUTION
}
