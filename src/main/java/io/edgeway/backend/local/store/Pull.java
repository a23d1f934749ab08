package io.edgeway.backend.local.store;

import io.edgeway.backend.local.ModelDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Fetches a model from a hub into a store: resumable, checked, and not there under its name before it is whole. */
public final class Pull {
    private static final Pattern REPOSITORY = Pattern.compile("[A-Za-z0-9][\\w.-]*/[A-Za-z0-9][\\w.-]*");
    private static final int ATTEMPTS = 5;
    private static final Set<String> WANTED = Set.of(
            "config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "generation_config.json",
            "chat_template.jinja",
            "README.md",
            "LICENSE",
            ModelDirectory.GRAPH,
            ModelDirectory.WEIGHTS,
            ModelDirectory.GRAPH_KV8,
            ModelDirectory.SUMS);

    private final Hub hub;
    private final ModelStore store;

    public Pull(Hub hub, ModelStore store) {
        this.hub = hub;
        this.store = store;
    }

    /** @param repository as in {@code owner/name} */
    public Path run(String repository, String revision, String name, Hub.Progress progress) {
        if (!REPOSITORY.matcher(repository).matches()) {
            throw new StoreException("'" + repository + "' is not a repository: expected owner/name");
        }
        Path target = store.free(name);
        List<Hub.RemoteFile> files = hub.list(repository, revision).stream()
                .filter(file -> WANTED.contains(file.name()))
                .toList();
        for (String needed : List.of(ModelDirectory.GRAPH, "config.json", "tokenizer.json")) {
            if (files.stream().noneMatch(file -> file.name().equals(needed))) {
                throw new StoreException(repository + " has no " + needed
                        + " at its top, so it is not a model directory of edgeway; models/forge/README.md says how to"
                        + " make one from a checkpoint");
            }
        }
        Path partial = store.unfinished(name);
        try {
            Files.createDirectories(partial);
            for (Hub.RemoteFile file : files) {
                fetch(repository, revision, file, partial.resolve(file.name()), progress);
            }
            ModelDirectory.open(partial).verify();
            store.finish(partial, target);
            return target;
        } catch (IOException e) {
            throw new StoreException("cannot write to " + partial + ": " + e.getMessage(), e);
        }
    }

    /** Goes on where a transfer broke off; a file whose hash is wrong is thrown away, for it would stay wrong. */
    private void fetch(String repository, String revision, Hub.RemoteFile file, Path path, Hub.Progress progress)
            throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                hub.fetch(repository, revision, file, path, progress);
                if (file.size() >= 0 && Files.size(path) != file.size()) {
                    throw new StoreException(
                            file.name() + " ended after " + Files.size(path) + " of " + file.size() + " bytes");
                }
                break;
            } catch (StoreException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
        if (!matches(file, path)) {
            Files.delete(path);
            throw new StoreException(file.name() + " of " + repository + " does not match the hub's checksum");
        }
    }

    private static boolean matches(Hub.RemoteFile file, Path path) throws IOException {
        if (file.sha256() != null) {
            return file.sha256().equalsIgnoreCase(hash("SHA-256", path, null));
        }
        if (file.blob() != null) {
            String header = "blob " + Files.size(path) + '\0';
            return file.blob().equalsIgnoreCase(hash("SHA-1", path, header));
        }
        return true;
    }

    private static String hash(String algorithm, Path path, String header) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            if (header != null) {
                digest.update(header.getBytes(StandardCharsets.US_ASCII));
            }
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
