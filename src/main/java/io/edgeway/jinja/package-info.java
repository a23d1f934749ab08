/**
 * The Jinja subset that chat templates are written in.
 *
 * <p>A local model is only as good as its prompt, and the prompt is defined by the template that its publisher ships
 * in {@code tokenizer_config.json}. Those templates are programs for Python's Jinja2 as {@code transformers} sets it
 * up: an immutable sandbox, trimmed blocks, loop controls, a {@code tojson} with the spacing of {@code json.dumps}.
 * General Jinja engines for Java differ from it in exactly these points and rest on reflection, which a native binary
 * does not have. This package follows Python's rules for truth, equality, indexing and text, and nothing else: no
 * inheritance, no includes, no access to Java objects.
 *
 * <p>A template comes from outside. Output, work and depth are bounded by {@link io.edgeway.jinja.Limits}.
 */
package io.edgeway.jinja;
