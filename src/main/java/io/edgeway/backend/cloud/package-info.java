/** Remote endpoints as backends: their connections, dialects, health, and what to do when they fail. */
package io.edgeway.backend.cloud;
