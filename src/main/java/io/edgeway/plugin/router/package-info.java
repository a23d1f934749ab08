/**
 * Chooses what answers an exchange: this node's own model or a cloud, whichever will do, in time, and either in place of
 * the other when one fails. No other part of edgeway knows both.
 */
package io.edgeway.plugin.router;
