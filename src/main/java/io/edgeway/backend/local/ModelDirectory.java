package io.edgeway.backend.local;

import io.edgeway.config.GatewayConfig;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A model on disk: graph, weights, tokenizer, configuration and their checksums. */
public final class ModelDirectory {
    public static final String GRAPH = "model.onnx";
    public static final String WEIGHTS = "model.onnx.data";

    /** The same model with keys and values of 8 bits, over the same weights. */
    public static final String GRAPH_KV8 = "model.kv8.onnx";

    private static final String GENAI = "genai_config.json";
    public static final String SUMS = "SHA256SUMS";

    /** Where a graph may lie, the preferred first: ours, and those of sets in the common layout. */
    private static final List<String> GRAPHS = List.of(
            GRAPH, "onnx/model_q4.onnx", "onnx/model_int8.onnx", "onnx/model_quantized.onnx", "onnx/model.onnx");

    private static final long SMALL_BYTES = 64L << 20;

    /** More than a graph that keeps its weights in a file of their own. */
    private static final long GRAPH_BYTES = 4L << 20;

    /** What our export says of a graph, as protobuf has it: the name, a tag, a length, the value. */
    private static final Pattern INT8 = Pattern.compile("edgeway\\.quant\\x12\\x04int8");

    private final Path path;
    private final Map<String, Object> config;
    private final Map<String, Object> tokenizerConfig;
    private final Map<String, Object> generationConfig;

    private ModelDirectory(Path path) {
        this.path = path;
        this.config = Files.isRegularFile(path.resolve("config.json")) ? read("config.json", true) : genai();
        this.tokenizerConfig = read("tokenizer_config.json", false);
        this.generationConfig = read("generation_config.json", false);
    }

    /** @throws ModelException if a needed file is missing or unreadable */
    public static ModelDirectory open(Path path) {
        if (!Files.isDirectory(path)) {
            throw new ModelException("model directory " + path + " does not exist");
        }
        for (String needed : List.of("config.json", "tokenizer.json")) {
            if (!Files.isRegularFile(path.resolve(needed))
                    && (needed.equals("tokenizer.json") || !Files.isRegularFile(path.resolve(GENAI)))) {
                throw new ModelException("model directory " + path + " has no " + needed);
            }
        }
        ModelDirectory directory = new ModelDirectory(path);
        if (directory.graph() == null) {
            throw new ModelException("model directory " + path + " has no " + GRAPH);
        }
        return directory;
    }

    /** What onnxruntime-genai writes in place of {@code config.json}, under the names of that. */
    private Map<String, Object> genai() {
        Map<String, Object> config = new LinkedHashMap<>();
        if (read(GENAI, true).get("model") instanceof Map<?, ?> model) {
            config.put("max_position_embeddings", model.get("context_length"));
            config.put("eos_token_id", model.get("eos_token_id"));
        }
        return config;
    }

    private Map<String, Object> read(String name, boolean needed) {
        Path file = path.resolve(name);
        if (!needed && !Files.isRegularFile(file)) {
            return Map.of();
        }
        try {
            return Json.readObject(Files.readAllBytes(file));
        } catch (IOException | JsonException e) {
            throw new ModelException(file + " is not readable: " + e.getMessage(), e);
        }
    }

    public Path path() {
        return path;
    }

    /** The graph whose keys and values are floats. */
    public Path graph() {
        return GRAPHS.stream()
                .map(path::resolve)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElse(null);
    }

    Path graph(GatewayConfig.LocalConfig.Kv kv) {
        if (kv != GatewayConfig.LocalConfig.Kv.INT8) {
            return graph();
        }
        Path file = path.resolve(GRAPH_KV8);
        if (!Files.isRegularFile(file)) {
            throw new ModelException("'kv: int8' needs " + GRAPH_KV8 + " in " + path
                    + "; make it with: python -m forge.export.kv8 DIRECTORY TEXT");
        }
        return file;
    }

    /**
     * What a graph shows of itself; of graphs that are not of our own export, only that the first is true.
     *
     * @param folds whether weights are to be computed with before the first request: graphs of our own export, which all
     *     have their operations fused, transpose a table at the most
     * @param keepsFloats whether it takes floats as keys and values of rows that stay in their place
     * @param wide whether its weights have all of 8 bits, which not every processor multiplies without loss
     */
    record Marks(boolean folds, boolean keepsFloats, boolean wide) {}

    Marks marks(Path graph) {
        try {
            String bytes = Files.size(graph) > GRAPH_BYTES ? "" : Files.readString(graph, StandardCharsets.ISO_8859_1);
            if (!bytes.contains("edgeway.layout")) {
                return new Marks(true, false, false);
            }
            return new Marks(
                    bytes.contains("Transpose"),
                    !graph.endsWith(GRAPH_KV8)
                            && bytes.contains(SlabDecoder.WANTED)
                            && !bytes.contains(GrowingDecoder.MASK),
                    INT8.matcher(bytes).find());
        } catch (IOException e) {
            throw new ModelException(graph + " is not readable: " + e.getMessage(), e);
        }
    }

    /** Bytes of graph and weights. */
    public long size() {
        Path graph = graph();
        String stem = graph.getFileName().toString();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(graph.getParent(), stem + "*")) {
            long bytes = 0;
            for (Path file : files) {
                bytes += Files.size(file);
            }
            return bytes;
        } catch (IOException e) {
            throw new ModelException(path + " is not readable: " + e.getMessage(), e);
        }
    }

    /** Tokens of prompt and reply together that the model was made for. */
    public int context() {
        return config.get("max_position_embeddings") instanceof Long context ? context.intValue() : 2048;
    }

    /** Tokens that end a reply. */
    public int[] endTokens() {
        for (Map<String, Object> source : List.of(generationConfig, config)) {
            Object value = source.get("eos_token_id");
            if (value instanceof Long id) {
                return new int[] {id.intValue()};
            }
            if (value instanceof List<?> list) {
                return list.stream().mapToInt(id -> ((Number) id).intValue()).toArray();
            }
        }
        return new int[0];
    }

    /** The chat template: {@code chat_template.jinja}, or the tokenizer configuration's; null if there is none. */
    public String chatTemplate() {
        Path file = path.resolve("chat_template.jinja");
        if (Files.isRegularFile(file)) {
            try {
                return Files.readString(file);
            } catch (IOException e) {
                throw new ModelException(file + " is not readable: " + e.getMessage(), e);
            }
        }
        Object value = tokenizerConfig.get("chat_template");
        if (value instanceof List<?> named) {
            for (Object item : named) {
                if (item instanceof Map<?, ?> template && "default".equals(template.get("name"))) {
                    value = template.get("template");
                }
            }
        }
        return value instanceof String template ? template : null;
    }

    /** A special token's text, such as {@code bos_token}, or null. */
    public String specialToken(String name) {
        Object value = tokenizerConfig.get(name);
        if (value instanceof Map<?, ?> token) {
            value = token.get("content");
        }
        return value instanceof String text ? text : null;
    }

    /** How the model's makers would sample, or null. */
    public Double generationNumber(String name) {
        return generationConfig.get(name) instanceof Number number ? number.doubleValue() : null;
    }

    public boolean greedyByDefault() {
        return Boolean.FALSE.equals(generationConfig.get("do_sample"));
    }

    /** Names, sizes and times of its files: while they stay the same, so does what {@link #verify} says. */
    String stamp() {
        try (Stream<Path> files = Files.walk(path, 2)) {
            StringBuilder stamp = new StringBuilder();
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
                stamp.append(path.relativize(file))
                        .append(' ')
                        .append(is.size())
                        .append(' ');
                stamp.append(is.lastModifiedTime())
                        .append(' ')
                        .append(is.fileKey())
                        .append('\n');
            }
            return stamp.toString();
        } catch (IOException e) {
            throw new ModelException(path + " is not readable: " + e.getMessage(), e);
        }
    }

    /** {@link #verify Verifies} what is quickly read; a large model was verified when it was fetched. */
    void verifyIfSmall() {
        if (size() <= SMALL_BYTES) {
            verify();
        }
    }

    /** Compares every file with its checksum, where the directory states them. */
    public void verify() {
        Path sums = path.resolve(SUMS);
        if (!Files.isRegularFile(sums)) {
            return;
        }
        try {
            List<String> lines = new ArrayList<>(Files.readAllLines(sums));
            for (String line : lines) {
                if (line.isBlank()) {
                    continue;
                }
                int space = line.indexOf(' ');
                String name = space < 0 ? "" : line.substring(space).trim();
                Path file = path.resolve(name).normalize();
                if (space != 64 || name.isEmpty() || !file.startsWith(path.normalize())) {
                    throw new ModelException(sums + " holds a line that is not a checksum and a file's name");
                }
                if (!Files.isRegularFile(file)) {
                    throw new ModelException(file + " is missing, although " + SUMS + " names it");
                }
                if (!line.substring(0, 64).equalsIgnoreCase(sha256(file))) {
                    throw new ModelException(file + " does not match its checksum in " + SUMS
                            + ": it is damaged or was changed; fetch the model again");
                }
            }
        } catch (IOException e) {
            throw new ModelException(path + " is not readable: " + e.getMessage(), e);
        }
    }

    static String sha256(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            while (channel.read(buffer.clear()) >= 0) {
                digest.update(buffer.flip());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
