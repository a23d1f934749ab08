/**
 * The doors: they read and bound what comes in, make an exchange of it, run its chain and write the reply. The only
 * package that sees an HTTP request.
 */
package io.edgeway.server;
