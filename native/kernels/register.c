#include "operators.h"
#include "product.h"
#include "support.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* By how attention runs: not by us, with keys and values as they come, with them in 16 bits. */
static const OrtCustomOp *const attention[] = {NULL, &group_query_attention, &group_query_attention_half};

/* Options do not own a domain: each lives as long as the process. */
static OrtStatus *domain(OrtApi *api, int attends, OrtCustomOpDomain **of) {
    static OrtCustomOpDomain *made[sizeof attention / sizeof *attention];
    if (made[attends]) {
        *of = made[attends];
        return NULL;
    }
    TRY(ORT_CREATE_DOMAIN(api)("com.microsoft", of));
    TRY(ORT_DOMAIN_ADD(api)(*of, &matmul_nbits));
    if (attention[attends]) {
        TRY(ORT_DOMAIN_ADD(api)(*of, attention[attends]));
    }
    made[attends] = *of;
    return NULL;
}

/*
 * What ONNX Runtime calls when the library is registered with a session's options. Where these have an entry
 * edgeway.products, attention is left to the runtime; where they have edgeway.half, its keys and values have 16 bits.
 */
__attribute__((visibility("default"))) OrtStatus *RegisterCustomOps(OrtSessionOptions *options, const OrtApiBase *base) {
    OrtApi *api = base->GetApi(ORT_API_VERSION);
    if (!api) {
        /* Older than 1.17. Nothing can be said without its functions. */
        return NULL;
    }
    if (!kernels_here()) {
        return failed(api, ORT_NOT_IMPLEMENTED, "no kernels for this processor");
    }
    int products = 0, half = 0;
    TRY(ORT_HAS_ENTRY(api)(options, "edgeway.products", &products));
    TRY(ORT_HAS_ENTRY(api)(options, "edgeway.half", &half));
    OrtCustomOpDomain *ours = NULL;
    pthread_mutex_lock(&lock);
    OrtStatus *status = domain(api, products ? 0 : half ? 2 : 1, &ours);
    pthread_mutex_unlock(&lock);
    return status ? status : ORT_ADD_DOMAIN(api)(options, ours);
}
