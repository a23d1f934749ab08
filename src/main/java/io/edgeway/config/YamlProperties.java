package io.edgeway.config;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * A YAML file as flat properties, each with its line. The library's own YAML source loses the lines, and a problem
 * without a line is hard to mend in a long file.
 */
final class YamlProperties {
    private static final int MAX_FILE_CHARACTERS = 1 << 20;

    private final Map<String, String> values = new LinkedHashMap<>();
    private final Map<String, Integer> lines = new HashMap<>();
    private final List<ConfigProblem> problems = new ArrayList<>();

    private YamlProperties() {}

    static YamlProperties parse(String file, String yaml) {
        LoaderOptions options = new LoaderOptions();
        options.setMaxAliasesForCollections(50);
        options.setCodePointLimit(MAX_FILE_CHARACTERS);
        YamlProperties out = new YamlProperties();
        try {
            Node root = new Yaml(options).compose(new StringReader(yaml));
            if (root instanceof MappingNode mapping) {
                out.flatten("", mapping, 0);
            } else if (root != null) {
                out.problems.add(new ConfigProblem(line(root), "", "expected a mapping with the key 'edgeway'"));
            }
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine() + 1;
            out.problems.add(new ConfigProblem(line, "", "not valid YAML: " + e.getProblem()));
        } catch (YAMLException e) {
            out.problems.add(new ConfigProblem(0, "", "not valid YAML: " + e.getMessage()));
        }
        if (!out.problems.isEmpty()) {
            throw new ConfigException(file, out.problems);
        }
        return out;
    }

    Map<String, String> values() {
        return values;
    }

    /** The line of a property, or of the nearest one above it that the file has. */
    int line(String path) {
        String at = path;
        while (!at.isEmpty()) {
            Integer line = lines.get(at);
            if (line != null) {
                return line;
            }
            at = parent(at);
        }
        return 0;
    }

    static String parent(String path) {
        boolean quoted = false;
        for (int i = path.length() - 1; i > 0; i--) {
            char c = path.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && (c == '.' || c == '[')) {
                return path.substring(0, i);
            }
        }
        return "";
    }

    static String join(String prefix, String key) {
        String part = key.indexOf('.') >= 0 || key.indexOf('[') >= 0 || key.isEmpty() ? '"' + key + '"' : key;
        return prefix.isEmpty() ? part : prefix + '.' + part;
    }

    private void flatten(String path, Node node, int depth) {
        if (!path.isEmpty()) {
            lines.putIfAbsent(path, line(node));
        }
        if (depth > 32) {
            problems.add(new ConfigProblem(line(node), path, "nested too deep"));
            return;
        }
        switch (node) {
            case MappingNode mapping -> {
                for (NodeTuple tuple : mapping.getValue()) {
                    if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                        problems.add(new ConfigProblem(line(tuple.getKeyNode()), path, "a key must be plain text"));
                        continue;
                    }
                    String child = join(path, key.getValue());
                    if (lines.put(child, line(key)) != null) {
                        problems.add(new ConfigProblem(line(key), child, "stands here a second time; keep one"));
                        continue;
                    }
                    flatten(child, tuple.getValueNode(), depth + 1);
                }
            }
            case SequenceNode sequence -> {
                for (int i = 0; i < sequence.getValue().size(); i++) {
                    flatten(path + '[' + i + ']', sequence.getValue().get(i), depth + 1);
                }
            }
            case ScalarNode scalar -> {
                if (!Tag.NULL.equals(scalar.getTag())) {
                    values.put(path, scalar.getValue());
                }
            }
            default -> problems.add(new ConfigProblem(line(node), path, "unsupported YAML"));
        }
    }

    private static int line(Node node) {
        return node.getStartMark().getLine() + 1;
    }
}
