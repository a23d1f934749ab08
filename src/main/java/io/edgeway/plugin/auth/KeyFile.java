package io.edgeway.plugin.auth;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.representer.Representer;

/** A YAML file of virtual keys. */
public final class KeyFile {
    private static final int MAX_CHARACTERS = 64 << 20;
    private static final Set<String> MEMBERS = Set.of(
            "id",
            "hash",
            "previous",
            "previous-until",
            "tenant",
            "models",
            "routes",
            "limits",
            "created",
            "expires",
            "revoked");

    private final Path file;

    public KeyFile(Path file) {
        this.file = file;
    }

    /**
     * Reads the keys.
     *
     * @throws IllegalArgumentException if a key cannot be used; the message says which and why
     */
    public List<VirtualKey> read() throws IOException {
        Object root;
        try {
            LoaderOptions options = new LoaderOptions();
            options.setCodePointLimit(MAX_CHARACTERS);
            root = new Yaml(new SafeConstructor(options)).load(Files.readString(file));
        } catch (YAMLException e) {
            throw new IllegalArgumentException(file + ": not valid YAML: "
                    + e.getMessage().lines().findFirst().orElse(""));
        }
        if (root == null) {
            return List.of();
        }
        if (!(root instanceof Map<?, ?> map) || !(map.get("keys") instanceof List<?> list)) {
            throw new IllegalArgumentException(file + ": expected a list below 'keys'");
        }
        List<VirtualKey> keys = new ArrayList<>(list.size());
        Set<String> ids = new HashSet<>();
        for (Object item : list) {
            try {
                VirtualKey key = key(item);
                if (!ids.add(key.id())) {
                    throw new IllegalArgumentException("id: there are two of it");
                }
                keys.add(key);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(file + ": " + name(item, keys.size()) + ": " + e.getMessage());
            }
        }
        return keys;
    }

    private static String name(Object item, int position) {
        return item instanceof Map<?, ?> map && map.get("id") != null
                ? "key " + map.get("id")
                : "keys[" + position + "]";
    }

    private static VirtualKey key(Object item) {
        if (!(item instanceof Map<?, ?> map)) {
            throw new IllegalArgumentException("expected a mapping with 'id' and 'hash'");
        }
        for (Object member : map.keySet()) {
            if (!MEMBERS.contains(String.valueOf(member))) {
                throw new IllegalArgumentException(member + ": unknown; there are "
                        + MEMBERS.stream().sorted().toList());
            }
        }
        String id = text(map, "id");
        String hash = text(map, "hash");
        if (id == null || hash == null) {
            throw new IllegalArgumentException((id == null ? "id" : "hash") + ": required, and missing");
        }
        String tenant = text(map, "tenant");
        return new VirtualKey(
                id,
                hash,
                text(map, "previous"),
                instant(map, "previous-until"),
                tenant == null ? id : tenant,
                list(map, "models"),
                list(map, "routes"),
                limits(map.get("limits")),
                instant(map, "created"),
                instant(map, "expires"),
                instant(map, "revoked"));
    }

    private static String text(Map<?, ?> map, String member) {
        Object value = map.get(member);
        return value == null ? null : value.toString();
    }

    private static List<String> list(Map<?, ?> map, String member) {
        return switch (map.get(member)) {
            case null -> List.of();
            case List<?> list -> list.stream().map(String::valueOf).toList();
            case Object other -> throw new IllegalArgumentException(member + ": expected a list, not " + other);
        };
    }

    private static Instant instant(Map<?, ?> map, String member) {
        Object value = map.get(member);
        if (value == null) {
            return null;
        }
        if (value instanceof Date date) {
            return date.toInstant();
        }
        try {
            return Instant.parse(value.toString());
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(member + ": expected a time such as 2027-01-31T00:00:00Z");
        }
    }

    private static String limits(Object value) {
        return switch (value) {
            case null -> "";
            case String line -> line;
            case Map<?, ?> map -> {
                List<String> parts = new ArrayList<>();
                map.forEach((name, amount) -> parts.add(name + "="
                        + (amount instanceof List<?> several
                                ? String.join(
                                        ",",
                                        several.stream().map(String::valueOf).toList())
                                : String.valueOf(amount).replace(" ", ""))));
                yield String.join(" ", parts);
            }
            default -> throw new IllegalArgumentException("limits: expected a mapping such as { requests: 60/min }");
        };
    }

    /** Changes the keys, alone among those who do it this way. A reader sees the old file or the new one. */
    public void change(UnaryOperator<List<VirtualKey>> change) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        Path lock = folder.resolve(file.getFileName() + ".lock");
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = channel.lock()) {
            assert held.isValid();
            List<VirtualKey> keys;
            try {
                keys = read();
            } catch (NoSuchFileException e) {
                keys = List.of();
            }
            write(folder, change.apply(keys));
        }
    }

    private void write(Path folder, List<VirtualKey> keys) throws IOException {
        DumperOptions options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        options.setSplitLines(false);
        String yaml =
                "# Virtual keys by their hashes; 'edgeway keys' writes this file and a running gateway follows it.\n"
                        + new Yaml(new SafeConstructor(new LoaderOptions()), new Representer(options), options)
                                .dump(Map.of(
                                        "keys",
                                        keys.stream().map(KeyFile::toMap).toList()));
        Path next = Files.createTempFile(
                folder,
                file.getFileName().toString(),
                ".new",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            Files.writeString(next, yaml);
            if (Files.exists(file)) {
                Files.setPosixFilePermissions(next, Files.getPosixFilePermissions(file));
            }
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(next);
        }
    }

    private static Map<String, Object> toMap(VirtualKey key) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", key.id());
        map.put("hash", key.hash());
        put(map, "previous", key.previous());
        put(map, "previous-until", key.previousUntil());
        put(map, "tenant", key.tenant());
        if (!key.models().isEmpty()) {
            map.put("models", key.models());
        }
        if (!key.routes().isEmpty()) {
            map.put("routes", key.routes());
        }
        put(map, "limits", key.limits().isEmpty() ? null : key.limits());
        put(map, "created", key.created());
        put(map, "expires", key.expires());
        put(map, "revoked", key.revoked());
        return map;
    }

    private static void put(Map<String, Object> map, String member, Object value) {
        if (value != null) {
            map.put(member, value.toString());
        }
    }
}
