package io.edgeway.state;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A real Redis on a free port of the loopback interface, which a test may kill and start again. */
public final class RedisServer implements AutoCloseable {
    private final int port;
    private final Path directory;
    private final boolean persistent;
    private final boolean clustered;
    private Process process;

    private RedisServer(int port, Path directory, boolean persistent, boolean clustered) {
        this.port = port;
        this.clustered = clustered;
        this.directory = directory;
        this.persistent = persistent;
    }

    /** Skips the test where the machine has no server. */
    public static RedisServer start(Path directory, boolean persistent) throws IOException {
        return start(directory, persistent, false);
    }

    /** One node of a cluster, without slots yet. */
    public static RedisServer startClustered(Path directory) throws IOException {
        return start(directory, false, true);
    }

    private static RedisServer start(Path directory, boolean persistent, boolean clustered) throws IOException {
        Assumptions.assumeTrue(
                installed(),
                "neither redis-server nor valkey-server is installed (Debian: apt-get install redis-server)");
        RedisServer server = new RedisServer(freePort(clustered), directory, persistent, clustered);
        server.start();
        return server;
    }

    /** Nodes of a cluster talk to each other on a port that is 10,000 higher. */
    private static int freePort(boolean clustered) throws IOException {
        while (true) {
            try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                if (!clustered || free.getLocalPort() < 55_000) {
                    return free.getLocalPort();
                }
            }
        }
    }

    private static boolean installed() {
        return binary().isPresent();
    }

    private static Optional<String> binary() {
        return List.of("redis-server", "valkey-server").stream()
                .filter(name -> List.of(System.getenv("PATH").split(":")).stream()
                        .anyMatch(folder -> Path.of(folder, name).toFile().canExecute()))
                .findFirst();
    }

    public int port() {
        return port;
    }

    public String url() {
        return "redis://127.0.0.1:" + port;
    }

    public void start() throws IOException {
        process = new ProcessBuilder(
                        binary().orElseThrow(),
                        "--port",
                        Integer.toString(port),
                        "--bind",
                        "127.0.0.1",
                        "--save",
                        "",
                        "--appendonly",
                        persistent ? "yes" : "no",
                        "--cluster-enabled",
                        clustered ? "yes" : "no",
                        "--appendfsync",
                        "always",
                        "--dir",
                        directory.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!answers()) {
            if (System.nanoTime() > deadline || !process.isAlive()) {
                throw new IOException("redis-server did not start on port " + port);
            }
            Thread.onSpinWait();
        }
    }

    private boolean answers() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 200);
            socket.setSoTimeout(1000);
            socket.getOutputStream().write("PING\r\n".getBytes());
            byte[] reply = socket.getInputStream().readNBytes(5);
            return new String(reply).equals("+PONG");
        } catch (IOException e) {
            return false;
        }
    }

    /** As by {@code kill -9}. */
    public void kill() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Leaves connections open and answers nothing, as a server that swaps or a network that drops. */
    public void freeze() throws Exception {
        signal("-STOP");
    }

    public void thaw() throws Exception {
        signal("-CONT");
    }

    private void signal(String signal) throws Exception {
        new ProcessBuilder("kill", signal, Long.toString(process.pid())).start().waitFor();
    }

    @Override
    public void close() {
        kill();
    }
}
