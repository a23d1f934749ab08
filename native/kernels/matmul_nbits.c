/*
 * `MatMulNBits` of com.microsoft, in the place of ONNX Runtime's own: 4 bits, symmetric, accuracy level 4. Other kinds
 * are refused when the session is created, and whoever creates it does so again without these kernels.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#commicrosoftmatmulnbits
 */
#include "half.h"
#include "operators.h"
#include "product.h"
#include "support.h"

#include <stdlib.h>

enum { A, B, SCALES, ZERO_POINTS, G_IDX, BIAS, INPUTS };

/* Work for which it pays to call another thread, in products, and in bytes of weights that are read for them. */
enum { TASK_PRODUCTS = 1 << 20, TASK_BYTES = 1 << 16, MOST_TASKS = 32, ROUNDED_ROWS = 16 };

typedef struct {
    OrtApi *api;
    const kernels *kernels;
    size_t features;
    matrix weights;
    void *memory;
} product;

/* The data of an input that is a weight, null where there is none. */
static OrtStatus *constant(OrtApi *api, const OrtKernelInfo *info, size_t index, int64_t expected, const void **data) {
    int is_constant = 0;
    const OrtValue *value = NULL;
    *data = NULL;
    TRY(ORT_CONSTANT_INPUT(api)(info, index, &is_constant, &value));
    if (!is_constant || !value) {
        return NULL;
    }
    int64_t dimensions[MOST_DIMENSIONS], all;
    size_t count;
    TRY(elements(api, value, dimensions, &count, &all));
    if (all != expected) {
        return failed(api, ORT_INVALID_ARGUMENT, "MatMulNBits: a weight's shape is not that of K, N and block_size");
    }
    return ORT_TENSOR_DATA(api)(value, (void **)data);
}

static OrtStatus *create(const OrtCustomOp *op, OrtApi *api, const OrtKernelInfo *info, void **kernel) {
    (void)op;
    int64_t features = attribute(api, info, "K", 0), columns = attribute(api, info, "N", 0);
    int64_t block = attribute(api, info, "block_size", 0);
    if (attribute(api, info, "bits", 4) != 4 || attribute(api, info, "accuracy_level", 0) != 4 ||
        (block != 16 && block != 32 && block != 64 && block != 128 && block != 256)) {
        return failed(api, ORT_NOT_IMPLEMENTED, "MatMulNBits: not of 4 bits, accuracy level 4 and blocks of 16 to 256");
    }
    if (features <= 0 || columns <= 0 || features > INT32_MAX || columns > INT32_MAX) {
        return failed(api, ORT_INVALID_ARGUMENT, "MatMulNBits: K and N must be positive");
    }
    int64_t blocks = (features + block - 1) / block;
    const void *values, *scales, *bias;
    TRY(constant(api, info, B, columns * blocks * block / 2, &values));
    TRY(constant(api, info, SCALES, columns * blocks, &scales));
    TRY(constant(api, info, BIAS, columns, &bias));
    if (!values || !scales) {
        return failed(api, ORT_NOT_IMPLEMENTED, "MatMulNBits: weights that are not constant");
    }
    if (given(api, info, ZERO_POINTS) || given(api, info, G_IDX) || (given(api, info, BIAS) && !bias)) {
        return failed(api, ORT_NOT_IMPLEMENTED, "MatMulNBits: zero points, a group index or a computed bias");
    }
    int halves = hold_all(scales, columns * blocks);
    product *made = calloc(1, sizeof *made);
    void *memory = NULL;
    if (!made || posix_memalign(&memory, ALIGNMENT, matrix_bytes(columns, features, block, halves))) {
        free(made);
        return failed(api, ORT_FAIL, "MatMulNBits: no memory for the weights");
    }
    made->api = api;
    made->kernels = kernels_here();
    made->features = features;
    made->memory = memory;
    matrix_pack(&made->weights, memory, values, scales, columns, features, block, halves);
    made->weights.bias = bias;
    *kernel = made;
    return NULL;
}

static void destroy(void *kernel) {
    product *of = kernel;
    free(of->memory);
    free(of);
}

typedef struct {
    const product *of;
    const float *in;
    float *out;
    size_t rows, tasks;
    rounded rounded;
} call;

static void round_part(void *argument, size_t part) {
    call *c = argument;
    size_t each = (c->rows + c->tasks - 1) / c->tasks, from = part * each, to = from + each < c->rows ? from + each : c->rows;
    if (from < to) {
        c->of->kernels->round(c->in, c->of->features, from, to, c->of->weights.block, &c->rounded);
    }
}

static void multiply_part(void *argument, size_t part) {
    call *c = argument;
    size_t width = c->of->kernels->width, units = (c->of->weights.panels + width - 1) / width;
    size_t from = units * part / c->tasks * width, to = units * (part + 1) / c->tasks * width;
    if (to > c->of->weights.panels) {
        to = c->of->weights.panels;
    }
    c->of->kernels->multiply(&c->of->weights, &c->rounded, c->rows, from, to, c->out);
}

static size_t tasks(const product *of, size_t rows) {
    size_t width = of->kernels->width, units = (of->weights.panels + width - 1) / width;
    size_t entries = of->weights.columns * of->weights.depth, products = entries * rows;
    size_t wanted = products / TASK_PRODUCTS > entries / 2 / TASK_BYTES ? products / TASK_PRODUCTS : entries / 2 / TASK_BYTES;
    wanted = wanted < MOST_TASKS ? wanted : MOST_TASKS;
    wanted = wanted < units ? wanted : units;
    return wanted > 0 ? wanted : 1;
}

static OrtStatus *compute(void *kernel, OrtKernelContext *context) {
    const product *of = kernel;
    OrtApi *api = of->api;
    const OrtValue *input;
    TRY(ORT_INPUT(api)(context, A, &input));
    int64_t dimensions[MOST_DIMENSIONS], all;
    size_t count;
    TRY(elements(api, input, dimensions, &count, &all));
    if (count == 0 || dimensions[count - 1] != (int64_t)of->features) {
        return failed(api, ORT_INVALID_ARGUMENT, "MatMulNBits: rows are not of K features");
    }
    dimensions[count - 1] = of->weights.columns;
    OrtValue *output;
    TRY(ORT_OUTPUT(api)(context, 0, dimensions, count, &output));
    call c = {.of = of, .rows = all / of->features};
    if (c.rows == 0) {
        return NULL;
    }
    TRY(ORT_TENSOR_DATA(api)(input, (void **)&c.in));
    TRY(ORT_TENSOR_DATA(api)(output, (void **)&c.out));

    size_t depth = of->weights.depth, blocks = of->weights.blocks;
    void *memory;
    if (posix_memalign(&memory, ALIGNMENT, c.rows * (depth + blocks * (sizeof(float) + sizeof(int32_t))))) {
        return failed(api, ORT_FAIL, "MatMulNBits: no memory for the rows");
    }
    c.rounded = (rounded){.depth = depth, .blocks = blocks, .values = memory};
    c.rounded.scales = (float *)(c.rounded.values + c.rows * depth);
    c.rounded.offsets = (int32_t *)(c.rounded.scales + c.rows * blocks);

    OrtStatus *status = NULL;
    c.tasks = c.rows < 2 * ROUNDED_ROWS ? 1 : c.rows / ROUNDED_ROWS;
    if (c.tasks == 1) {
        round_part(&c, 0);
    } else {
        status = ORT_PARALLEL_FOR(api)(context, round_part, c.tasks, 0, &c);
    }
    if (!status) {
        c.tasks = tasks(of, c.rows);
        if (c.tasks == 1) {
            multiply_part(&c, 0);
        } else {
            status = ORT_PARALLEL_FOR(api)(context, multiply_part, c.tasks, 0, &c);
        }
    }
    free(memory);
    return status;
}

static const char *name(const OrtCustomOp *op) {
    (void)op;
    return "MatMulNBits";
}

static int input_type(const OrtCustomOp *op, size_t index) {
    (void)op;
    return index == B || index == ZERO_POINTS ? ORT_UINT8 : index == G_IDX ? ORT_INT32 : ORT_FLOAT;
}

static size_t inputs(const OrtCustomOp *op) {
    (void)op;
    return INPUTS;
}

static size_t outputs(const OrtCustomOp *op) {
    (void)op;
    return 1;
}

static int input_kind(const OrtCustomOp *op, size_t index) {
    (void)op;
    return index < ZERO_POINTS ? ORT_REQUIRED : ORT_OPTIONAL;
}

const OrtCustomOp matmul_nbits = {
    COMMON,
    .GetName = name,
    .GetInputType = input_type,
    .GetInputTypeCount = inputs,
    .GetOutputTypeCount = outputs,
    .GetInputCharacteristic = input_kind,
    .CreateKernelV2 = create,
    .KernelComputeV2 = compute,
    .KernelDestroy = destroy,
};
