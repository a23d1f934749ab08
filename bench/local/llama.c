// Times llama.cpp's forward pass the way `edgeway models bench` times ours: one step of B rows that hold PAST tokens
// each, and one prompt of PROMPT tokens. Prints one JSON object with medians in milliseconds.
//   llama MODEL.gguf BACKENDS_DIR THREADS PAST PROMPT ROUNDS B...
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ggml-backend.h"
#include "llama.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static double median(double *values, int count) {
    qsort(values, count, sizeof *values, ascending);
    return values[count / 2];
}

static void quiet(enum ggml_log_level level, const char *text, void *data) {
    if (level == GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

static void add(struct llama_batch *batch, int token, int position, int row, int logits) {
    int i = batch->n_tokens++;
    batch->token[i] = token;
    batch->pos[i] = position;
    batch->n_seq_id[i] = 1;
    batch->seq_id[i][0] = row;
    batch->logits[i] = (int8_t) logits;
}

static void decode(struct llama_context *context, struct llama_batch batch) {
    if (llama_decode(context, batch) != 0) {
        fputs("llama_decode failed\n", stderr);
        exit(1);
    }
    llama_synchronize(context);
}

int main(int argc, char **argv) {
    if (argc < 8) return 64;
    int threads = atoi(argv[3]), past = atoi(argv[4]), prompt = atoi(argv[5]), rounds = atoi(argv[6]), rows = 0;
    for (int i = 7; i < argc; i++) rows = atoi(argv[i]) > rows ? atoi(argv[i]) : rows;
    llama_log_set(quiet, NULL);
    ggml_backend_load_all_from_path(argv[2]);
    llama_backend_init();
    struct llama_model *model = llama_model_load_from_file(argv[1], llama_model_default_params());
    if (!model) return 1;
    struct llama_context_params params = llama_context_default_params();
    int longest = past + rounds + 2 > prompt ? past + rounds + 2 : prompt;
    params.n_ctx = (uint32_t) (rows * (past + rounds + 2) > longest ? rows * (past + rounds + 2) : longest) + 64;
    params.n_batch = 2048;
    params.n_ubatch = 512;
    params.n_seq_max = (uint32_t) rows;
    params.n_threads = params.n_threads_batch = threads;
    params.kv_unified = true;
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
    struct llama_context *context = llama_init_from_model(model, params);
    if (!context) return 1;
    llama_memory_t memory = llama_get_memory(context);
    int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    struct llama_batch batch = llama_batch_init(2048, 0, 1);
    double *times = malloc(sizeof *times * rounds);
    printf("{");
    for (int at = 7; at < argc; at++) {
        int count = atoi(argv[at]);
        llama_memory_clear(memory, true);
        for (int row = 0; row < count; row++) {
            for (int from = 0; from < past;) {
                batch.n_tokens = 0;
                for (; from < past && batch.n_tokens < 512; from++) add(&batch, rand() % vocabulary, from, row, 0);
                decode(context, batch);
            }
        }
        for (int round = -1; round < rounds; round++) {
            batch.n_tokens = 0;
            for (int row = 0; row < count; row++) add(&batch, rand() % vocabulary, past + 1 + round, row, 1);
            double start = now();
            decode(context, batch);
            if (round >= 0) times[round] = now() - start;
        }
        printf("\"step%d\": %.3f, ", count, median(times, rounds));
    }
    for (int round = -1; round < rounds; round++) {
        llama_memory_clear(memory, true);
        batch.n_tokens = 0;
        for (int i = 0; i < prompt; i++) add(&batch, rand() % vocabulary, i, 0, i == prompt - 1);
        double start = now();
        decode(context, batch);
        if (round >= 0) times[round] = now() - start;
    }
    printf("\"prefill\": %.3f}\n", median(times, rounds));
    return 0;
}
