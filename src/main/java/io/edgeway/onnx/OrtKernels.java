package io.edgeway.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Our own products of int4 weights and attention, as a library that takes the place of ONNX Runtime's
 * (`native/kernels`). It is built where there is a C compiler, for processors of x86-64; `-Dedgeway.onnx.kernels=false`
 * leaves it out.
 */
final class OrtKernels {
    private static final String LIBRARY = System.mapLibraryName("edgeway_kernels");

    /** The entry of a session's options that leaves attention to the runtime. */
    static final String PRODUCTS_ONLY = "edgeway.products";

    /** The entry that has ours keep keys and values in 16 bits, two positions in the place of a tensor's one. */
    static final String HALF = "edgeway.half";

    /** The weight of our exported graphs that says to how many rows they are filled up for ONNX Runtime's products. */
    static final String GROUP = "two";

    private OrtKernels() {}

    /** What {@link #GROUP} may be for ours, which give a row the same result whatever other rows there are. */
    static OnnxTensor one() {
        return One.TENSOR;
    }

    /** As long as the process: sessions do not copy it. */
    private static final class One {
        static final OnnxTensor TENSOR = create();

        private static OnnxTensor create() {
            try {
                return OnnxTensor.createTensor(OrtLoader.environment(), new long[] {1});
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** The library's file, or null where there is none. */
    static String library() {
        return Holder.LIBRARY_FILE;
    }

    private static final class Holder {
        static final String LIBRARY_FILE = unpack();

        private static String unpack() {
            URL resource = OrtKernels.class.getResource("native/" + Libraries.platform() + '/' + LIBRARY);
            if (resource == null || !Boolean.parseBoolean(System.getProperty("edgeway.onnx.kernels", "true"))) {
                return null;
            }
            CRC32 sum = new CRC32();
            try (InputStream in = resource.openStream()) {
                sum.update(in.readAllBytes());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return Libraries.unpack("kernels-" + Long.toHexString(sum.getValue()), List.of(resource))
                    .resolve(LIBRARY)
                    .toString();
        }
    }
}
