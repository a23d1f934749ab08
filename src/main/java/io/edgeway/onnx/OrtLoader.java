package io.edgeway.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes ONNX Runtime's shared libraries available on first use. They travel as resources; left alone, the library would
 * unpack tens of megabytes to a temporary folder at every start.
 */
public final class OrtLoader {
    private static final String DIRECTORY_PROPERTY = "onnxruntime.native.path";
    private static final List<String> LIBRARIES = List.of("onnxruntime", "onnxruntime4j_jni");

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
        // The sizes stand for the version: another build of the library has another size.
        StringBuilder version = new StringBuilder("onnxruntime-").append(Libraries.platform());
        List<URL> resources = new ArrayList<>();
        for (String library : LIBRARIES) {
            URL resource = OrtEnvironment.class.getResource(
                    "/ai/onnxruntime/native/" + Libraries.platform() + '/' + System.mapLibraryName(library));
            if (resource == null) {
                return null;
            }
            resources.add(resource);
            try {
                version.append('-').append(Libraries.size(resource));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return Libraries.unpack(version.toString(), resources);
    }
}
