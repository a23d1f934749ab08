package io.edgeway.api.embeddings;

import com.fasterxml.jackson.core.JsonGenerator;
import io.edgeway.api.ApiException;
import io.edgeway.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;

/** Writes a list of embeddings. */
public final class EmbeddingsReply {
    private EmbeddingsReply() {}

    /** @param vectors one for each input, of unit length */
    public static byte[] json(EmbeddingsRequest request, String model, List<float[]> vectors, long tokens) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(vectors.size() * 2048 + 256);
        try (JsonGenerator out = Json.generator(bytes)) {
            out.writeStartObject();
            out.writeStringField("object", "list");
            out.writeArrayFieldStart("data");
            for (int i = 0; i < vectors.size(); i++) {
                out.writeStartObject();
                out.writeStringField("object", "embedding");
                out.writeNumberField("index", i);
                out.writeFieldName("embedding");
                float[] vector = shorten(vectors.get(i), request.dimensions());
                if (request.base64()) {
                    out.writeString(base64(vector));
                } else {
                    out.writeStartArray();
                    for (float value : vector) {
                        out.writeNumber(value);
                    }
                    out.writeEndArray();
                }
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeStringField("model", model);
            out.writeObjectFieldStart("usage");
            out.writeNumberField("prompt_tokens", tokens);
            out.writeNumberField("total_tokens", tokens);
            out.writeEndObject();
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** The first numbers, scaled to unit length again, as OpenAI does it. */
    static float[] shorten(float[] vector, int dimensions) {
        if (dimensions == 0 || dimensions == vector.length) {
            return vector;
        }
        if (dimensions > vector.length) {
            throw ApiException.badRequest(
                    "dimensions",
                    "invalid_value",
                    "This model makes embeddings of at most " + vector.length + " dimensions.");
        }
        double sum = 0;
        for (int i = 0; i < dimensions; i++) {
            sum += (double) vector[i] * vector[i];
        }
        float scale = sum == 0 ? 1 : (float) (1 / Math.sqrt(sum));
        float[] out = new float[dimensions];
        for (int i = 0; i < dimensions; i++) {
            out[i] = vector[i] * scale;
        }
        return out;
    }

    private static String base64(float[] vector) {
        ByteBuffer buffer = ByteBuffer.allocate(vector.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(buffer.array());
    }
}
