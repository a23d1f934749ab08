/* The operators of com.microsoft that the library puts in the place of the runtime's own. */
#ifndef EDGEWAY_OPERATORS_H
#define EDGEWAY_OPERATORS_H

#include "onnxruntime.h"

extern const OrtCustomOp matmul_nbits, group_query_attention, group_query_attention_half;

#endif
