/* What the operators share: how they ask the runtime and say what is wrong. */
#ifndef EDGEWAY_SUPPORT_H
#define EDGEWAY_SUPPORT_H

#include "onnxruntime.h"

enum { MOST_DIMENSIONS = 8, ALIGNMENT = 64 };

static inline OrtStatus *failed(OrtApi *api, int code, const char *why) {
    return ORT_CREATE_STATUS(api)(code, why);
}

#define TRY(call)                   \
    do {                            \
        OrtStatus *status = (call); \
        if (status) {               \
            return status;          \
        }                           \
    } while (0)

static inline int64_t attribute(OrtApi *api, const OrtKernelInfo *info, const char *name, int64_t otherwise) {
    int64_t value;
    OrtStatus *status = ORT_ATTRIBUTE_INT(api)(info, name, &value);
    if (status) {
        ORT_RELEASE_STATUS(api)(status);
        return otherwise;
    }
    return value;
}

static inline float attribute_float(OrtApi *api, const OrtKernelInfo *info, const char *name, float otherwise) {
    float value;
    OrtStatus *status = ORT_ATTRIBUTE_FLOAT(api)(info, name, &value);
    if (status) {
        ORT_RELEASE_STATUS(api)(status);
        return otherwise;
    }
    return value;
}

/* Whether the graph gives an input, be it a weight or not. */
static inline int given(OrtApi *api, const OrtKernelInfo *info, size_t index) {
    size_t size = 0;
    OrtStatus *status = ORT_INPUT_NAME(api)(info, index, NULL, &size);
    if (status) {
        ORT_RELEASE_STATUS(api)(status);
        return 0;
    }
    return size > 1;
}

static inline OrtStatus *elements(OrtApi *api, const OrtValue *value, int64_t *dimensions, size_t *count, int64_t *all) {
    OrtTensorTypeAndShapeInfo *shape;
    TRY(ORT_SHAPE(api)(value, &shape));
    OrtStatus *status = ORT_DIMENSION_COUNT(api)(shape, count);
    if (!status && *count > MOST_DIMENSIONS) {
        status = failed(api, ORT_INVALID_ARGUMENT, "an input has too many dimensions");
    }
    if (!status) {
        status = ORT_DIMENSIONS(api)(shape, dimensions, *count);
    }
    ORT_RELEASE_SHAPE(api)(shape);
    if (!status) {
        *all = 1;
        for (size_t i = 0; i < *count; i++) {
            *all *= dimensions[i];
        }
    }
    return status;
}

/* Callbacks that are the same for all operators. */
static inline const char *any_provider(const OrtCustomOp *op) {
    (void)op;
    return NULL;
}

static inline int required(const OrtCustomOp *op, size_t index) {
    (void)op, (void)index;
    return ORT_REQUIRED;
}

static inline int all_float(const OrtCustomOp *op, size_t index) {
    (void)op, (void)index;
    return ORT_FLOAT;
}

static inline int default_memory(const OrtCustomOp *op, size_t index) {
    (void)op, (void)index;
    return 0;
}

static inline int not_variadic(const OrtCustomOp *op) {
    (void)op;
    return 0;
}

static inline int first_version(const OrtCustomOp *op) {
    (void)op;
    return 1;
}

static inline int last_version(const OrtCustomOp *op) {
    (void)op;
    return INT32_MAX;
}

#define COMMON                                                                                                    \
    .version = ORT_API_VERSION, .GetExecutionProviderType = any_provider, .GetOutputType = all_float,             \
    .GetOutputCharacteristic = required, .GetInputMemoryType = default_memory, .GetVariadicInputMinArity = not_variadic, \
    .GetVariadicInputHomogeneity = not_variadic, .GetVariadicOutputMinArity = not_variadic,                       \
    .GetVariadicOutputHomogeneity = not_variadic, .GetStartVersion = first_version, .GetEndVersion = last_version

#endif
