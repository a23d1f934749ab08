/**
 * Sentences as vectors, computed in the process. The semantic cache looks for near questions with them and the router
 * judges how hard a question is; both use the one vector that an exchange carries as a fact.
 */
package io.edgeway.embed;
