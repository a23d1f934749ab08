package io.edgeway.embed;

import io.edgeway.embed.Protobuf.Field;
import io.edgeway.embed.Protobuf.Writer;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes an int8 ONNX model batch invariant: a sentence gets the same vector alone and among others. Models that were
 * quantized dynamically scale the activations of a layer by the largest one in the whole tensor, so that each sentence
 * of a batch changes the others. This gives each token a scale of its own.
 */
final class RowQuantization {
    /*
     * x -> DynamicQuantizeLinear -> (y, scale, zero); y -> MatMulInteger -> Cast -> Mul(scale * weight scale)
     *
     * becomes
     *
     * x -> Abs -> ReduceMax(last axis) -> Max(tiny) -> Div(127) -> row scale; x / row scale -> QuantizeLinear(1, 128)
     * -> y; y -> MatMulInteger(zero 128) -> Cast -> Mul(1 * weight scale) -> Mul(row scale)
     *
     * The row scale is a step of its own after the weight's: in the place of the tensor's scale, ONNX Runtime's fusion
     * would take it for a scalar and use the first row's for all.
     */
    private static final int MODEL_GRAPH = 7;
    private static final int MODEL_OPSET = 8;
    private static final int GRAPH_NODE = 1;
    private static final int GRAPH_INITIALIZER = 5;

    private static final String ONE = "edgeway/one";
    private static final String ZERO_POINT = "edgeway/zero_point";
    private static final String RANGE = "edgeway/range";
    private static final String TINY = "edgeway/tiny";

    private record Node(String op, List<String> inputs, List<String> outputs, ByteBuffer whole) {}

    private final List<Node> nodes = new ArrayList<>();
    private final Set<String> scales = new HashSet<>();
    /** The quantized tensor that an integer product, or the cast of it, was made from. */
    private final Map<String, String> origin = new HashMap<>();

    private RowQuantization() {}

    /** The changed model, in memory of the arena; the same buffer where the model has nothing to change. */
    static ByteBuffer apply(ByteBuffer model, Arena arena) {
        return new RowQuantization().rewrite(model, arena);
    }

    private ByteBuffer rewrite(ByteBuffer model, Arena arena) {
        List<Field> top = new ArrayList<>();
        Protobuf.read(model, top::add);
        Field graph = top.stream()
                .filter(field -> field.number() == MODEL_GRAPH)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("not an ONNX model"));
        List<Field> parts = new ArrayList<>();
        Protobuf.read(graph.content(), parts::add);
        for (Field part : parts) {
            if (part.number() == GRAPH_NODE) {
                nodes.add(node(part));
            }
        }
        if (nodes.stream().noneMatch(node -> node.op.equals("DynamicQuantizeLinear"))) {
            return model;
        }
        checkOpset(top);
        trace();

        Writer changed = new Writer();
        nodes.forEach(node -> write(changed, node));
        scalar(changed, ONE, 1);
        scalar(changed, RANGE, 127);
        scalar(changed, TINY, 1e-10f);
        changed.message(
                GRAPH_INITIALIZER, new Writer().number(2, 2).text(8, ZERO_POINT).bytes(9, new byte[] {(byte) 128}));

        long graphSize = changed.length();
        for (Field part : parts) {
            graphSize += part.number() == GRAPH_NODE ? 0 : part.whole().remaining();
        }
        long size = 1 + Protobuf.sizeOf(graphSize) + graphSize;
        for (Field field : top) {
            size += field.number() == MODEL_GRAPH ? 0 : field.whole().remaining();
        }
        ByteBuffer out = arena.allocate(size).asByteBuffer();
        for (Field field : top) {
            if (field.number() != MODEL_GRAPH) {
                out.put(field.whole());
            }
        }
        Protobuf.head(out, MODEL_GRAPH, graphSize);
        changed.writeTo(out);
        for (Field part : parts) {
            if (part.number() != GRAPH_NODE) {
                out.put(part.whole());
            }
        }
        return out.flip();
    }

    /** From opset 18 on, ReduceMax takes its axes as an input. */
    private static void checkOpset(List<Field> top) {
        for (Field field : top) {
            if (field.number() == MODEL_OPSET) {
                String[] domain = {""};
                long[] version = {0};
                Protobuf.read(field.content(), f -> {
                    if (f.number() == 1) {
                        domain[0] = f.text();
                    } else if (f.number() == 2) {
                        version[0] = f.value();
                    }
                });
                if ((domain[0].isEmpty() || domain[0].equals("ai.onnx")) && (version[0] < 11 || version[0] > 17)) {
                    throw new IllegalArgumentException(
                            "an int8 embedding model must have an ONNX opset from 11 to 17, not " + version[0]);
                }
            }
        }
    }

    private static Node node(Field field) {
        List<String> inputs = new ArrayList<>(3);
        List<String> outputs = new ArrayList<>(3);
        String[] op = {""};
        Protobuf.read(field.content(), part -> {
            switch (part.number()) {
                case 1 -> inputs.add(part.text());
                case 2 -> outputs.add(part.text());
                case 4 -> op[0] = part.text();
                default -> {}
            }
        });
        return new Node(op[0], inputs, outputs, field.whole());
    }

    private void trace() {
        Set<String> quantized = new HashSet<>();
        for (Node node : nodes) {
            if (node.op.equals("DynamicQuantizeLinear")) {
                quantized.add(node.outputs.get(0));
                scales.add(node.outputs.get(1));
            }
        }
        for (Node node : nodes) {
            if (node.op.equals("MatMulInteger") && quantized.contains(node.inputs.getFirst())) {
                origin.put(node.outputs.getFirst(), node.inputs.getFirst());
            } else if (node.inputs.stream().anyMatch(quantized::contains)) {
                throw new IllegalArgumentException("an embedding model quantizes the input of " + node.op
                        + ", which only matrix products are supported for");
            }
        }
        for (Node node : nodes) {
            if (node.op.equals("Cast") && origin.containsKey(node.inputs.getFirst())) {
                origin.put(node.outputs.getFirst(), origin.get(node.inputs.getFirst()));
            }
        }
    }

    private void write(Writer out, Node node) {
        switch (node.op) {
            case "DynamicQuantizeLinear" -> quantize(out, node.inputs.getFirst(), node.outputs.getFirst());
            case "MatMulInteger" -> {
                List<String> inputs = new ArrayList<>(node.inputs);
                if (inputs.size() > 2) {
                    inputs.set(2, ZERO_POINT);
                } else {
                    inputs.add(ZERO_POINT);
                }
                emit(out, "MatMulInteger", inputs, node.outputs.getFirst());
            }
            case "Mul" -> multiply(out, node);
            default -> out.raw(node.whole);
        }
    }

    private void quantize(Writer out, String x, String y) {
        emit(out, "Abs", List.of(x), y + "/abs");
        out.message(
                GRAPH_NODE,
                operation("ReduceMax", List.of(y + "/abs"), y + "/max")
                        .message(5, new Writer().text(1, "axes").number(8, -1).number(20, 7)));
        emit(out, "Max", List.of(y + "/max", TINY), y + "/bound");
        emit(out, "Div", List.of(y + "/bound", RANGE), rowScale(y));
        emit(out, "Div", List.of(x, rowScale(y)), y + "/scaled");
        emit(out, "QuantizeLinear", List.of(y + "/scaled", ONE, ZERO_POINT), y);
    }

    private void multiply(Writer out, Node node) {
        List<String> inputs = node.inputs.stream()
                .map(input -> scales.contains(input) ? ONE : input)
                .toList();
        String product = node.outputs.getFirst();
        String from = node.inputs.stream()
                .map(origin::get)
                .filter(quantized -> quantized != null)
                .findFirst()
                .orElse(null);
        if (from == null) {
            emit(out, "Mul", inputs, product);
        } else {
            emit(out, "Mul", inputs, product + "/unscaled");
            emit(out, "Mul", List.of(product + "/unscaled", rowScale(from)), product);
        }
    }

    private static String rowScale(String quantized) {
        return quantized + "/row_scale";
    }

    private static void emit(Writer out, String op, List<String> inputs, String output) {
        out.message(GRAPH_NODE, operation(op, inputs, output));
    }

    private static Writer operation(String op, List<String> inputs, String output) {
        Writer node = new Writer();
        inputs.forEach(input -> node.text(1, input));
        return node.text(2, output).text(4, op);
    }

    private static void scalar(Writer out, String name, float value) {
        byte[] raw = ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(value)
                .array();
        out.message(GRAPH_INITIALIZER, new Writer().number(2, 1).text(8, name).bytes(9, raw));
    }
}
