/**
 * Constrained decoding: what a local model writes is JSON, and valid for a schema, whatever its weights would rather say.
 *
 * <p>A JSON Schema is compiled into a pushdown automaton over bytes. A vocabulary of byte strings, kept as a trie, is
 * run through the automaton from the state that the reply has reached: the tokens that survive are the mask of the
 * next step. States are shared and remember their transitions, and masks are kept per state, so that a reply pays for
 * each kind of position once.
 *
 * <p>Every state can be completed: alternatives that lead nowhere are cut off when the schema is compiled. So a reply
 * that is allowed to end always ends in valid text, and the only way to miss it is to run out of tokens.
 */
package io.edgeway.grammar;
