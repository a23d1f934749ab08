/**
 * Keeps what the cloud answered, for keys that opted in, so that the forge can teach the local model from it. A node
 * that serves one kind of question all day has the best training data there is for its own model. Beside the cloud it can ask the local model too and count how often both
 * agree, which says when that model is good enough.
 */
package io.edgeway.plugin.record;
