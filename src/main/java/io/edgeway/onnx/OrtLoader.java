package io.edgeway.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/**
 * Makes ONNX Runtime's shared libraries available on first use. They travel as resources; left alone, the library would
 * unpack tens of megabytes to a temporary folder at every start. Here they are unpacked once, into the user's cache.
 */
public final class OrtLoader {
    private static final String DIRECTORY_PROPERTY = "onnxruntime.native.path";
    private static final String[] LIBRARIES = {"onnxruntime", "onnxruntime4j_jni"};

    private OrtLoader() {}

    /** The process's ONNX Runtime; the first call may take some tens of milliseconds. */
    public static OrtEnvironment environment() {
        return Holder.ENVIRONMENT;
    }

    private static final class Holder {
        static final OrtEnvironment ENVIRONMENT = create();

        private static OrtEnvironment create() {
            if (System.getProperty(DIRECTORY_PROPERTY) == null) {
                Path directory = unpack();
                if (directory != null) {
                    System.setProperty(DIRECTORY_PROPERTY, directory.toString());
                }
            }
            return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "edgeway");
        }
    }

    /** The directory that holds the libraries, or null where they are not among the resources. */
    private static Path unpack() {
        String platform = platform();
        URL[] resources = new URL[LIBRARIES.length];
        for (int i = 0; i < LIBRARIES.length; i++) {
            resources[i] = OrtEnvironment.class.getResource(
                    "/ai/onnxruntime/native/" + platform + '/' + System.mapLibraryName(LIBRARIES[i]));
            if (resources[i] == null) {
                return null;
            }
        }
        try {
            Path directory = cache(platform, resources);
            for (int i = 0; i < LIBRARIES.length; i++) {
                unpack(resources[i], directory.resolve(System.mapLibraryName(LIBRARIES[i])));
            }
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException("ONNX Runtime's libraries could not be unpacked", e);
        }
    }

    /** The sizes stand for the version: another build of the library has another size. */
    private static Path cache(String platform, URL[] resources) throws IOException {
        StringBuilder name = new StringBuilder("onnxruntime-").append(platform);
        for (URL resource : resources) {
            name.append('-').append(resource.openConnection().getContentLengthLong());
        }
        String xdg = System.getenv("XDG_CACHE_HOME");
        String home = System.getProperty("user.home");
        Path base = xdg != null && !xdg.isBlank()
                ? Path.of(xdg)
                : home != null && !home.isBlank() && !home.equals("?") ? Path.of(home, ".cache") : null;
        if (base != null) {
            try {
                Path directory = Files.createDirectories(base.resolve("edgeway").resolve(name.toString()));
                if (Files.isWritable(directory)) {
                    return directory;
                }
            } catch (IOException e) {
                // A read-only home: the private folder below serves.
            }
        }
        // Never a fixed name in a folder that others write to: they could put a library of theirs there.
        Path directory = Files.createTempDirectory("edgeway-onnxruntime");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory), "edgeway-onnxruntime-cleanup"));
        return directory;
    }

    private static void unpack(URL resource, Path target) throws IOException {
        long size = resource.openConnection().getContentLengthLong();
        if (Files.isRegularFile(target) && Files.size(target) == size) {
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

    private static void delete(Path directory) {
        try {
            for (String library : LIBRARIES) {
                Files.deleteIfExists(directory.resolve(System.mapLibraryName(library)));
            }
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            // The folder is the temporary one: what is left there, the system clears.
        }
    }

    private static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch");
        String cpu = arch.equals("aarch64") || arch.equals("arm64") ? "aarch64" : "x64";
        return (os.contains("mac") ? "osx-" : os.contains("win") ? "win-" : "linux-") + cpu;
    }
}
