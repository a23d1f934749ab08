/*
 * What the kernels use of ONNX Runtime's C interface. Its functions are entries of one table, to which releases only
 * append, and a custom operator is a table of callbacks: onnxruntime_c_api.h, `OrtApi` and `OrtCustomOp`
 * (https://onnxruntime.ai/docs/api/c/struct_ort_api.html). Every release since 1.17 has what is named here.
 */
#ifndef EDGEWAY_ONNXRUNTIME_H
#define EDGEWAY_ONNXRUNTIME_H

#include <stddef.h>
#include <stdint.h>

#define ORT_API_VERSION 17

typedef struct OrtStatus OrtStatus;
typedef struct OrtValue OrtValue;
typedef struct OrtKernelInfo OrtKernelInfo;
typedef struct OrtKernelContext OrtKernelContext;
typedef struct OrtCustomOpDomain OrtCustomOpDomain;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtTypeInfo OrtTypeInfo;
typedef struct OrtTensorTypeAndShapeInfo OrtTensorTypeAndShapeInfo;

/* The table, by position. */
typedef void (*const OrtApi)(void);

typedef struct {
    OrtApi *(*GetApi)(uint32_t version);
    const char *(*GetVersionString)(void);
} OrtApiBase;

enum { ORT_FAIL = 1, ORT_INVALID_ARGUMENT = 2, ORT_NOT_IMPLEMENTED = 9 };
enum { ORT_FLOAT = 1, ORT_UINT8 = 2, ORT_INT32 = 6 };
enum { ORT_REQUIRED = 0, ORT_OPTIONAL = 1 };

#define ORT_CREATE_STATUS(api) ((OrtStatus * (*)(int, const char *))(api)[0])
#define ORT_CREATE_DOMAIN(api) ((OrtStatus * (*)(const char *, OrtCustomOpDomain **))(api)[26])
#define ORT_DOMAIN_ADD(api) ((OrtStatus * (*)(OrtCustomOpDomain *, const OrtCustomOp *))(api)[27])
#define ORT_ADD_DOMAIN(api) ((OrtStatus * (*)(OrtSessionOptions *, OrtCustomOpDomain *))(api)[28])
#define ORT_TENSOR_DATA(api) ((OrtStatus * (*)(const OrtValue *, void **))(api)[51])
#define ORT_TENSOR_TYPE(api) ((OrtStatus * (*)(const OrtTypeInfo *, const OrtTensorTypeAndShapeInfo **))(api)[55])
#define ORT_DIMENSION_COUNT(api) ((OrtStatus * (*)(const OrtTensorTypeAndShapeInfo *, size_t *))(api)[61])
#define ORT_DIMENSIONS(api) ((OrtStatus * (*)(const OrtTensorTypeAndShapeInfo *, int64_t *, size_t))(api)[62])
#define ORT_SHAPE(api) ((OrtStatus * (*)(const OrtValue *, OrtTensorTypeAndShapeInfo **))(api)[65])
#define ORT_ATTRIBUTE_FLOAT(api) ((OrtStatus * (*)(const OrtKernelInfo *, const char *, float *))(api)[85])
#define ORT_ATTRIBUTE_INT(api) ((OrtStatus * (*)(const OrtKernelInfo *, const char *, int64_t *))(api)[86])
#define ORT_INPUT(api) ((OrtStatus * (*)(const OrtKernelContext *, size_t, const OrtValue **))(api)[90])
#define ORT_OUTPUT(api) ((OrtStatus * (*)(OrtKernelContext *, size_t, const int64_t *, size_t, OrtValue **))(api)[91])
#define ORT_RELEASE_STATUS(api) ((void (*)(OrtStatus *))(api)[93])
#define ORT_RELEASE_TYPE(api) ((void (*)(OrtTypeInfo *))(api)[98])
#define ORT_RELEASE_SHAPE(api) ((void (*)(OrtTensorTypeAndShapeInfo *))(api)[99])
#define ORT_INPUT_NAME(api) ((OrtStatus * (*)(const OrtKernelInfo *, size_t, char *, size_t *))(api)[232])
#define ORT_INPUT_TYPE(api) ((OrtStatus * (*)(const OrtKernelInfo *, size_t, OrtTypeInfo **))(api)[234])
#define ORT_HAS_ENTRY(api) ((OrtStatus * (*)(const OrtSessionOptions *, const char *, int *))(api)[237])
#define ORT_CONSTANT_INPUT(api) ((OrtStatus * (*)(const OrtKernelInfo *, size_t, int *, const OrtValue **))(api)[249])
#define ORT_PARALLEL_FOR(api) \
    ((OrtStatus * (*)(const OrtKernelContext *, void (*)(void *, size_t), size_t, size_t, void *))(api)[274])

typedef struct OrtCustomOp OrtCustomOp;
struct OrtCustomOp {
    uint32_t version;
    void *(*CreateKernel)(const OrtCustomOp *, OrtApi *, const OrtKernelInfo *);
    const char *(*GetName)(const OrtCustomOp *);
    const char *(*GetExecutionProviderType)(const OrtCustomOp *);
    int (*GetInputType)(const OrtCustomOp *, size_t);
    size_t (*GetInputTypeCount)(const OrtCustomOp *);
    int (*GetOutputType)(const OrtCustomOp *, size_t);
    size_t (*GetOutputTypeCount)(const OrtCustomOp *);
    void (*KernelCompute)(void *, OrtKernelContext *);
    void (*KernelDestroy)(void *);
    int (*GetInputCharacteristic)(const OrtCustomOp *, size_t);
    int (*GetOutputCharacteristic)(const OrtCustomOp *, size_t);
    int (*GetInputMemoryType)(const OrtCustomOp *, size_t);
    int (*GetVariadicInputMinArity)(const OrtCustomOp *);
    int (*GetVariadicInputHomogeneity)(const OrtCustomOp *);
    int (*GetVariadicOutputMinArity)(const OrtCustomOp *);
    int (*GetVariadicOutputHomogeneity)(const OrtCustomOp *);
    OrtStatus *(*CreateKernelV2)(const OrtCustomOp *, OrtApi *, const OrtKernelInfo *, void **);
    OrtStatus *(*KernelComputeV2)(void *, OrtKernelContext *);
    OrtStatus *(*InferOutputShapeFn)(const OrtCustomOp *, void *);
    int (*GetStartVersion)(const OrtCustomOp *);
    int (*GetEndVersion)(const OrtCustomOp *);
};

#endif
