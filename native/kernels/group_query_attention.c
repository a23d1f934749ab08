/*
 * `GroupQueryAttention` of com.microsoft, in the place of ONNX Runtime's own, for floats, causal, without a window, a bias or
 * a cap. Other kinds are refused when the session is created. The second of the two keeps keys and values in 16 bits: tensors
 * of past and present have then room for twice the positions that their shape says, which the runtime knows nothing of.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#commicrosoftgroupqueryattention
 */
#include "attention.h"
#include "half.h"
#include "operators.h"
#include "product.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { QUERY, KEY, VALUE, PAST_KEY, PAST_VALUE, LENGTHS, TOTAL, COS, SIN, INPUTS };
enum { OUT, PRESENT_KEY, PRESENT_VALUE, OUTPUTS };

/* Queries of a task: enough for a task to be worth a thread, few enough for all threads to have some. */
enum { TASK_QUERIES = 8 };

typedef struct {
    OrtApi *api;
    attend attend;
    size_t heads, kv_heads;
    float scale;
    int rotary;
    /* Positions of 16-bit keys in the place of one of a tensor's, which are floats; 1 where they are floats too. */
    size_t dense;
} attention_op;

/* Features of a head as the past keys' type has them, 0 where it leaves them open. */
static OrtStatus *head_features(OrtApi *api, const OrtKernelInfo *info, int64_t *features) {
    OrtTypeInfo *type;
    const OrtTensorTypeAndShapeInfo *shape;
    int64_t dimensions[4];
    size_t rank = 0;
    *features = 0;
    if (!given(api, info, PAST_KEY)) {
        return NULL;
    }
    TRY(ORT_INPUT_TYPE(api)(info, PAST_KEY, &type));
    OrtStatus *status = ORT_TENSOR_TYPE(api)(type, &shape);
    if (!status) {
        status = ORT_DIMENSION_COUNT(api)(shape, &rank);
    }
    if (!status && rank == 4) {
        status = ORT_DIMENSIONS(api)(shape, dimensions, rank);
        *features = status || dimensions[3] < 0 ? 0 : dimensions[3];
    }
    ORT_RELEASE_TYPE(api)(type);
    return status;
}

/* Whether rotation is by tables that are weights and turn whole heads. */
static OrtStatus *rotates_whole(OrtApi *api, const OrtKernelInfo *info, int64_t features, int *whole) {
    *whole = 1;
    for (size_t index = COS; *whole && index <= SIN; index++) {
        int is_constant = 0;
        const OrtValue *value = NULL;
        int64_t dimensions[MOST_DIMENSIONS], all;
        size_t rank;
        TRY(ORT_CONSTANT_INPUT(api)(info, index, &is_constant, &value));
        if (!is_constant || !value) {
            *whole = 0;
            return NULL;
        }
        TRY(elements(api, value, dimensions, &rank, &all));
        *whole = rank == 2 && dimensions[1] == features / 2;
    }
    return NULL;
}

static OrtStatus *create(const OrtCustomOp *op, OrtApi *api, const OrtKernelInfo *info, void **kernel) {
    int64_t heads = attribute(api, info, "num_heads", 0), kv_heads = attribute(api, info, "kv_num_heads", 0);
    if (heads <= 0 || kv_heads <= 0 || heads % kv_heads != 0 || heads > INT32_MAX) {
        return failed(api, ORT_INVALID_ARGUMENT, "GroupQueryAttention: num_heads must be a multiple of kv_num_heads");
    }
    if (attribute(api, info, "local_window_size", -1) != -1 || attribute(api, info, "rotary_interleaved", 0) != 0 ||
        attribute(api, info, "smooth_softmax", 0) > 0 || attribute(api, info, "qk_output", 0) != 0 ||
        attribute_float(api, info, "softcap", 0) != 0) {
        return failed(api, ORT_NOT_IMPLEMENTED, "GroupQueryAttention: a window, a cap or interleaved rotation");
    }
    int64_t features;
    int rotary = attribute(api, info, "do_rotary", 0) != 0, whole = 1;
    TRY(head_features(api, info, &features));
    if (rotary) {
        TRY(rotates_whole(api, info, features, &whole));
    }
    if (!attend_knows(features) || !whole) {
        return failed(api, ORT_NOT_IMPLEMENTED, "GroupQueryAttention: heads of another size, or rotated in part");
    }
    attention_op *made = calloc(1, sizeof *made);
    if (!made) {
        return failed(api, ORT_FAIL, "GroupQueryAttention: no memory");
    }
    made->api = api;
    made->attend = kernels_here() == &kernels_avx512vnni ? attend_avx512 : attend_avx2;
    made->heads = heads;
    made->kv_heads = kv_heads;
    made->scale = attribute_float(api, info, "scale", 0);
    made->rotary = rotary;
    made->dense = op == &group_query_attention_half ? 2 : 1;
    *kernel = made;
    return NULL;
}

static void destroy(void *kernel) {
    free(kernel);
}

typedef struct {
    float *data;
    int64_t dimensions[MOST_DIMENSIONS];
    size_t rank;
    int64_t all;
} tensor;

/* An input, with no data where it is not there. */
static OrtStatus *input(OrtApi *api, const OrtKernelContext *context, size_t index, tensor *of) {
    const OrtValue *value = NULL;
    of->data = NULL;
    of->rank = 0;
    TRY(ORT_INPUT(api)(context, index, &value));
    if (!value) {
        return NULL;
    }
    TRY(elements(api, value, of->dimensions, &of->rank, &of->all));
    return ORT_TENSOR_DATA(api)(value, (void **)&of->data);
}

typedef struct {
    const attention_op *of;
    size_t batch, sequence, features, past_room, room, parts;
    /* Of one token of a row; keys and values lie behind the queries where all three are packed. */
    const float *query, *key, *value;
    size_t query_step, kv_step;
    const char *past_key, *past_value;
    const float *cos, *sin;
    char *present_key, *present_value;
    /* Bytes of one head's key. */
    size_t key_bytes;
    float *out;
    const int32_t *lengths;
    int first;
    int failed;
} call;

static void rotate(const call *c, const float *restrict from, float *restrict to, size_t position) {
    size_t half = c->features / 2;
    if (!c->of->rotary) {
        memcpy(to, from, c->features * sizeof(float));
        return;
    }
    const float *cos = c->cos + position * half, *sin = c->sin + position * half;
    for (size_t i = 0; i < half; i++) {
        float x = from[i], y = from[i + half];
        to[i] = x * cos[i] - y * sin[i];
        to[i + half] = y * cos[i] + x * sin[i];
    }
}

/* Positions of a row that were there before. */
static size_t before(const call *c, size_t row) {
    return c->first ? 0 : (size_t)(c->lengths[row] + 1) - c->sequence;
}

static void put(const call *c, const float *from, char *to) {
    if (c->of->dense > 1) {
        narrow(from, (uint16_t *)(void *)to, c->features);
    } else {
        memcpy(to, from, c->key_bytes);
    }
}

/* Takes in the new keys and values of one head of one row. */
static void take(void *argument, size_t task) {
    const call *c = argument;
    size_t row = task / c->of->kv_heads, head = task % c->of->kv_heads, past = before(c, row), features = c->features;
    char *keys = c->present_key + task * c->room * c->key_bytes, *values = c->present_value + task * c->room * c->key_bytes;
    if (c->past_key && c->past_key != c->present_key) {
        memcpy(keys, c->past_key + task * c->past_room * c->key_bytes, past * c->key_bytes);
        memcpy(values, c->past_value + task * c->past_room * c->key_bytes, past * c->key_bytes);
    }
    for (size_t s = 0; s < c->sequence; s++) {
        size_t token = row * c->sequence + s;
        float key[MOST_FEATURES];
        rotate(c, c->key + token * c->kv_step + head * features, key, past + s);
        put(c, key, keys + (past + s) * c->key_bytes);
        put(c, c->value + token * c->kv_step + head * features, values + (past + s) * c->key_bytes);
    }
}

static void attend_part(void *argument, size_t task) {
    call *c = argument;
    size_t part = task % c->parts, pair = task / c->parts, row = pair / c->of->kv_heads, head = pair % c->of->kv_heads;
    size_t from = part * TASK_QUERIES, past = before(c, row), features = c->features;
    size_t count = c->sequence - from < TASK_QUERIES ? c->sequence - from : TASK_QUERIES;
    size_t group = c->of->heads / c->of->kv_heads;
    attention of = {
        .group = group,
        .features = features,
        .scale = c->of->scale != 0 ? c->of->scale : 1 / sqrtf(features),
        .keys = c->present_key + pair * c->room * c->key_bytes,
        .values = c->present_value + pair * c->room * c->key_bytes,
        .half = c->of->dense > 1,
        .query_step = group * features,
        .out = c->out + (row * c->sequence + from) * c->of->heads * features + head * group * features,
        .out_step = c->of->heads * features,
        .count = count,
        .seen = past + from + 1,
    };
    size_t weights = count * group * attend_stride(&of);
    float *memory;
    if (posix_memalign((void **)&memory, ALIGNMENT, (weights + count * group * features) * sizeof(float))) {
        __atomic_store_n(&c->failed, 1, __ATOMIC_RELAXED);
        return;
    }
    float *queries = memory + weights;
    of.queries = queries;
    for (size_t i = 0; i < count; i++) {
        size_t token = row * c->sequence + from + i;
        for (size_t h = 0; h < group; h++) {
            rotate(c, c->query + token * c->query_step + (head * group + h) * features, queries + (i * group + h) * features,
                   past + from + i);
        }
    }
    c->of->attend(&of, memory);
    free(memory);
}

static OrtStatus *compute(void *kernel, OrtKernelContext *context) {
    const attention_op *of = kernel;
    OrtApi *api = of->api;
    tensor in[INPUTS];
    for (size_t i = 0; i < INPUTS; i++) {
        TRY(input(api, context, i, &in[i]));
    }
    if (!in[QUERY].data || in[QUERY].rank != 3 || !in[LENGTHS].data || !in[TOTAL].data || in[TOTAL].all != 1 ||
        in[LENGTHS].all != in[QUERY].dimensions[0]) {
        return failed(api, ORT_INVALID_ARGUMENT, "GroupQueryAttention: query, seqlens_k or total_sequence_length is wrong");
    }
    call c = {.of = of, .batch = in[QUERY].dimensions[0], .sequence = in[QUERY].dimensions[1]};
    size_t wide = in[QUERY].dimensions[2], total = *(const int32_t *)(const void *)in[TOTAL].data;
    int packed = !in[KEY].data;
    c.features = packed ? wide / (of->heads + 2 * of->kv_heads) : wide / of->heads;
    c.query = in[QUERY].data;
    c.query_step = wide;
    c.key = packed ? c.query + of->heads * c.features : in[KEY].data;
    c.value = packed ? c.key + of->kv_heads * c.features : in[VALUE].data;
    c.kv_step = packed ? wide : of->kv_heads * c.features;
    if (c.features == 0 || !attend_knows(c.features) ||
        wide != c.features * (packed ? of->heads + 2 * of->kv_heads : of->heads) ||
        (!packed && (!in[VALUE].data || in[KEY].all != (int64_t)(c.batch * c.sequence * c.kv_step) ||
                     in[VALUE].all != in[KEY].all))) {
        return failed(api, ORT_INVALID_ARGUMENT, "GroupQueryAttention: heads of a size that is not known");
    }
    c.key_bytes = c.features * sizeof(float) / of->dense;
    c.lengths = (const int32_t *)(const void *)in[LENGTHS].data;
    c.first = c.sequence == total;
    if (in[PAST_KEY].rank == 4 && in[PAST_VALUE].rank == 4) {
        c.past_key = (const char *)in[PAST_KEY].data;
        c.past_value = (const char *)in[PAST_VALUE].data;
        c.past_room = in[PAST_KEY].dimensions[2] * of->dense;
        if (in[PAST_KEY].all != (int64_t)(c.batch * of->kv_heads * in[PAST_KEY].dimensions[2] * c.features) ||
            in[PAST_VALUE].all != in[PAST_KEY].all) {
            return failed(api, ORT_INVALID_ARGUMENT, "GroupQueryAttention: past keys and values are of another shape");
        }
    }
    c.room = c.past_room > total ? c.past_room : (total + of->dense - 1) / of->dense * of->dense;
    for (size_t row = 0; row < c.batch; row++) {
        int64_t length = (int64_t)c.lengths[row] + 1;
        if (length < 1 || length > (int64_t)total || (!c.first && (length < (int64_t)c.sequence ||
            length - (int64_t)c.sequence > (int64_t)c.past_room))) {
            return failed(api, ORT_INVALID_ARGUMENT, "GroupQueryAttention: seqlens_k is not within total_sequence_length");
        }
    }
    if (of->rotary) {
        c.cos = in[COS].data;
        c.sin = in[SIN].data;
        if (!c.cos || !c.sin || in[COS].rank != 2 || in[COS].dimensions[1] != (int64_t)c.features / 2 ||
            in[SIN].all != in[COS].all || (size_t)in[COS].dimensions[0] < total) {
            return failed(api, ORT_INVALID_ARGUMENT, "GroupQueryAttention: cos_cache and sin_cache are too short, or not of "
                                                     "half of a head");
        }
    }
    OrtValue *out, *present_key, *present_value;
    int64_t out_shape[] = {c.batch, c.sequence, of->heads * c.features};
    int64_t present_shape[] = {c.batch, of->kv_heads, c.room / of->dense, c.features};
    TRY(ORT_OUTPUT(api)(context, OUT, out_shape, 3, &out));
    TRY(ORT_OUTPUT(api)(context, PRESENT_KEY, present_shape, 4, &present_key));
    TRY(ORT_OUTPUT(api)(context, PRESENT_VALUE, present_shape, 4, &present_value));
    if (c.batch == 0 || c.sequence == 0) {
        return NULL;
    }
    TRY(ORT_TENSOR_DATA(api)(out, (void **)&c.out));
    TRY(ORT_TENSOR_DATA(api)(present_key, (void **)&c.present_key));
    TRY(ORT_TENSOR_DATA(api)(present_value, (void **)&c.present_value));
    size_t pairs = c.batch * of->kv_heads;
    c.parts = (c.sequence + TASK_QUERIES - 1) / TASK_QUERIES;
    if (c.sequence == 1) {
        for (size_t pair = 0; pair < pairs; pair++) {
            take(&c, pair);
        }
    } else {
        TRY(ORT_PARALLEL_FOR(api)(context, take, pairs, 0, &c));
    }
    TRY(ORT_PARALLEL_FOR(api)(context, attend_part, pairs * c.parts, 0, &c));
    return c.failed ? failed(api, ORT_FAIL, "GroupQueryAttention: no memory for the scores") : NULL;
}

static const char *name(const OrtCustomOp *op) {
    (void)op;
    return "GroupQueryAttention";
}

static int input_type(const OrtCustomOp *op, size_t index) {
    (void)op;
    return index == LENGTHS || index == TOTAL ? ORT_INT32 : ORT_FLOAT;
}

static size_t inputs(const OrtCustomOp *op) {
    (void)op;
    return INPUTS;
}

static size_t outputs(const OrtCustomOp *op) {
    (void)op;
    return OUTPUTS;
}

static int input_kind(const OrtCustomOp *op, size_t index) {
    (void)op;
    return index == QUERY || index == LENGTHS || index == TOTAL ? ORT_REQUIRED : ORT_OPTIONAL;
}

#define ATTENTION                                                                                             \
    {                                                                                                         \
        COMMON, .GetName = name, .GetInputType = input_type, .GetInputTypeCount = inputs,                     \
        .GetOutputTypeCount = outputs, .GetInputCharacteristic = input_kind, .CreateKernelV2 = create,        \
        .KernelComputeV2 = compute, .KernelDestroy = destroy,                                                 \
    }

const OrtCustomOp group_query_attention = ATTENTION, group_query_attention_half = ATTENTION;
