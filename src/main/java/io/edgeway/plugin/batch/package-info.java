/**
 * Admission to the models of this node. An engine that decodes ever more requests at a time makes each of them slower;
 * this plugin lets in as many as keep the latency target, lets the urgent go first, and tells at once what would come
 * too late, while it can still be answered elsewhere.
 */
@NullMarked
package io.edgeway.plugin.batch;

import org.jspecify.annotations.NullMarked;
