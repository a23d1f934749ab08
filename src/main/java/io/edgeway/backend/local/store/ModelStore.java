package io.edgeway.backend.local.store;

import io.edgeway.backend.local.ModelDirectory;
import io.edgeway.backend.local.ModelException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** A folder of model directories. What is in it under a name is whole: it is put together beside it and then moved. */
public final class ModelStore {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,95}");
    private static final String UNFINISHED = ".partial";

    private final Path root;

    public ModelStore(Path root) {
        this.root = root;
    }

    /** A model that is there; {@code problem} is null unless it cannot be used. */
    public record Entry(String name, long bytes, int context, String problem) {}

    public Path root() {
        return root;
    }

    public Path path(String name) {
        if (!NAME.matcher(name).matches() || name.endsWith(UNFINISHED)) {
            throw new StoreException(
                    "'" + name + "' is not a model's name: letters, digits, dots, dashes and underscores");
        }
        return root.resolve(name);
    }

    public List<Entry> list() {
        List<Entry> entries = new ArrayList<>();
        if (!Files.isDirectory(root)) {
            return entries;
        }
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(root, Files::isDirectory)) {
            for (Path directory : directories) {
                String name = directory.getFileName().toString();
                if (!name.endsWith(UNFINISHED)) {
                    entries.add(entry(name, directory));
                }
            }
        } catch (IOException e) {
            throw new StoreException("cannot read " + root + ": " + e.getMessage(), e);
        }
        entries.sort(java.util.Comparator.comparing(Entry::name));
        return entries;
    }

    private static Entry entry(String name, Path directory) {
        try {
            ModelDirectory model = ModelDirectory.open(directory);
            return new Entry(name, model.size(), model.context(), null);
        } catch (ModelException e) {
            return new Entry(name, 0, 0, e.getMessage());
        }
    }

    /** Copies a model directory in, once its checksums are verified. */
    public Path take(Path source, String name) {
        Path target = free(name);
        try {
            ModelDirectory.open(source).verify();
            Path partial = unfinished(name);
            delete(partial);
            Files.createDirectories(partial);
            try (DirectoryStream<Path> files = Files.newDirectoryStream(source, Files::isRegularFile)) {
                for (Path file : files) {
                    Files.copy(file, partial.resolve(file.getFileName()));
                }
            }
            finish(partial, target);
            return target;
        } catch (ModelException e) {
            throw new StoreException(e.getMessage(), e);
        } catch (IOException e) {
            throw new StoreException("cannot copy " + source + ": " + e.getMessage(), e);
        }
    }

    public void remove(String name) {
        Path directory = path(name);
        if (!Files.isDirectory(directory)) {
            throw new StoreException("there is no model '" + name + "' in " + root);
        }
        try {
            delete(directory);
        } catch (IOException e) {
            throw new StoreException("cannot remove " + directory + ": " + e.getMessage(), e);
        }
    }

    /** The path of a name that is not taken. */
    Path free(String name) {
        Path target = path(name);
        if (Files.exists(target)) {
            throw new StoreException("there is a model '" + name + "' already; 'edgeway models rm " + name
                    + "' removes it, --name takes another name");
        }
        return target;
    }

    Path unfinished(String name) {
        return root.resolve(name + UNFINISHED);
    }

    void finish(Path partial, Path target) throws IOException {
        Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
