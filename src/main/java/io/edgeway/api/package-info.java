/** The wire: requests and errors of the dialects that clients and upstreams speak. */
package io.edgeway.api;
