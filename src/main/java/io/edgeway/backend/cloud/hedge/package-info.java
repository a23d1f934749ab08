/**
 * A second call when the first is later than nearly all before it (Dean and Barroso, The Tail at Scale, CACM 2013). The
 * delay is learnt from the times to first token, and a budget bounds the extra calls when everything is slow at once.
 */
@NullMarked
package io.edgeway.backend.cloud.hedge;

import org.jspecify.annotations.NullMarked;
