/**
 * Nearest neighbours by brute force that is cheap enough: one bit a dimension to find the few that may be nearest, their
 * full vectors to order them. An index that can forget at any time needs no graph to keep in shape.
 */
@NullMarked
package io.edgeway.vector;

import org.jspecify.annotations.NullMarked;
