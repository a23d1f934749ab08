package io.edgeway.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A {@link TestGateway} in a process of its own, for what nodes share or must not share. */
final class GatewayProcess implements AutoCloseable {
    private final Process process;
    private final int port;

    private GatewayProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** @param yaml a file with the configuration */
    static GatewayProcess start(Path yaml) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        GatewayProcess.class.getName(),
                        yaml.toString())
                .redirectErrorStream(true)
                .start();
        BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream()));
        StringBuilder said = new StringBuilder();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith("port ")) {
                Thread.ofVirtual().start(() -> out.lines().forEach(ignored -> {}));
                return new GatewayProcess(process, Integer.parseInt(line.substring(5)));
            }
            said.append(line).append('\n');
        }
        throw new IOException("the gateway process ended: " + said);
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }

    public static void main(String... args) throws InterruptedException {
        try {
            TestGateway gateway = TestGateway.start(Files.readString(Path.of(args[0])));
            System.out.println("port " + gateway.port());
        } catch (IOException | RuntimeException | Error e) {
            e.printStackTrace();
            // Threads that it has started would keep the process, and who waits for its port.
            System.exit(1);
        }
        Thread.currentThread().join();
    }
}
