package io.edgeway.backend.local;

/** How a model's makers would have it sampled where a request says nothing ({@code generation_config.json}). */
record ModelDefaults(double temperature, double topP, int topK, double repetitionPenalty) {

    static ModelDefaults of(ModelDirectory directory) {
        Double temperature = directory.generationNumber("temperature");
        Double topP = directory.generationNumber("top_p");
        Double topK = directory.generationNumber("top_k");
        Double repetition = directory.generationNumber("repetition_penalty");
        return new ModelDefaults(
                directory.greedyByDefault() ? 0 : temperature == null ? 1 : temperature,
                topP == null ? 1 : topP,
                topK == null ? 0 : topK.intValue(),
                repetition == null ? 1 : repetition);
    }
}
