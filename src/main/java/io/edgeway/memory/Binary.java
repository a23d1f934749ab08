package io.edgeway.memory;

/** Whether this process is the binary, whose C library is one for all. */
final class Binary {
    private Binary() {}

    static boolean isRunning() {
        return "runtime".equals(System.getProperty("org.graalvm.nativeimage.imagecode"));
    }
}
