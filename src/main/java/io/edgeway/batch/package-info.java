/**
 * Dynamic batching: work of one moment is done in one run, because a model answers eight requests in far less than
 * eight times the time of one. Knows nothing of models; who has the batch runs it.
 */
package io.edgeway.batch;
