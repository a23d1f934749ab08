/**
 * Keeps what the cloud answered, for keys that opted in, so that the forge can teach the local model from it. A node
 * that serves one kind of question all day has the best training data there is for its own model.
 */
package io.edgeway.plugin.record;
