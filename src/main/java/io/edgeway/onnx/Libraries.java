package io.edgeway.onnx;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/** Shared libraries that travel as resources. They are unpacked once, into the user's cache. */
final class Libraries {
    private Libraries() {}

    /** What ONNX Runtime calls this system and processor. */
    static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch");
        String cpu = arch.equals("aarch64") || arch.equals("arm64") ? "aarch64" : "x64";
        return (os.contains("mac") ? "osx-" : os.contains("win") ? "win-" : "linux-") + cpu;
    }

    static long size(URL resource) throws IOException {
        return resource.openConnection().getContentLengthLong();
    }

    /**
     * @param version names the folder: another build has another one
     * @return the folder that holds the libraries, by the last part of their resources' names
     */
    static Path unpack(String version, List<URL> resources) {
        try {
            Path directory = cache(version, resources);
            for (URL resource : resources) {
                unpack(resource, directory.resolve(name(resource)));
            }
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException("the libraries of " + version + " could not be unpacked", e);
        }
    }

    private static String name(URL resource) {
        return resource.getPath().substring(resource.getPath().lastIndexOf('/') + 1);
    }

    private static Path cache(String version, List<URL> resources) throws IOException {
        String xdg = System.getenv("XDG_CACHE_HOME");
        String home = System.getProperty("user.home");
        Path base = xdg != null && !xdg.isBlank()
                ? Path.of(xdg)
                : home != null && !home.isBlank() && !home.equals("?") ? Path.of(home, ".cache") : null;
        if (base != null) {
            try {
                Path directory = Files.createDirectories(base.resolve("edgeway").resolve(version));
                if (Files.isWritable(directory)) {
                    return directory;
                }
            } catch (IOException e) {
                // A read-only home: the private folder below serves.
            }
        }
        // Never a fixed name in a folder that others write to: they could put a library of theirs there.
        Path directory = Files.createTempDirectory("edgeway-libraries");
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> delete(directory, resources), "edgeway-libraries-cleanup"));
        return directory;
    }

    private static void unpack(URL resource, Path target) throws IOException {
        if (Files.isRegularFile(target) && Files.size(target) == size(resource)) {
            return;
        }
        Path partial =
                Files.createTempFile(target.getParent(), target.getFileName().toString(), ".part");
        try (InputStream in = resource.openStream()) {
            Files.copy(in, partial, StandardCopyOption.REPLACE_EXISTING);
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private static void delete(Path directory, List<URL> resources) {
        try {
            for (URL resource : resources) {
                Files.deleteIfExists(directory.resolve(name(resource)));
            }
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            // The folder is the temporary one: what is left there, the system clears.
        }
    }
}
