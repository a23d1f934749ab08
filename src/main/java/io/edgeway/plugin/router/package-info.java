/** Chooses what answers an exchange, and tries the next one when the first cannot begin. */
package io.edgeway.plugin.router;
