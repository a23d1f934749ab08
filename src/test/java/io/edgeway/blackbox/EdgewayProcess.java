package io.edgeway.blackbox;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;

/** A started edgeway on free ports of the loopback. */
final class EdgewayProcess implements AutoCloseable {
    static final boolean NATIVE = "native".equals(System.getProperty("edgeway.under-test", "jvm"));

    private static final Path ROOT = Path.of("").toAbsolutePath();
    private static final Pattern LISTENING = Pattern.compile(
            "Listening on: http://[^ ]*:(\\d+)\\. Management interface listening on http://[^ ]*:(\\d+)");
    private static final Pattern SMAPS_HEAD = Pattern.compile("[0-9a-f]+-[0-9a-f]+ ");
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private record Ports(int api, int admin) {}

    private final Process process;
    private final ConcurrentLinkedQueue<String> output = new ConcurrentLinkedQueue<>();
    private final CompletableFuture<Ports> ports = new CompletableFuture<>();
    private final Thread reader;

    private EdgewayProcess(Process process) {
        this.process = process;
        this.reader = Thread.ofVirtual().start(this::read);
    }

    /** Starts and waits until it listens. */
    static EdgewayProcess serve(Path config) {
        EdgewayProcess started = launch(Map.of(), "--config", config.toString());
        started.awaitReady();
        return started;
    }

    /** Starts with these arguments and waits for nothing. */
    static EdgewayProcess launch(Map<String, String> environment, String... arguments) {
        ProcessBuilder builder = new ProcessBuilder(command(arguments)).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.endsWith("_API_KEY"));
        builder.environment().put("QUARKUS_HTTP_PORT", "0");
        builder.environment().put("QUARKUS_HTTP_HOST", "127.0.0.1");
        builder.environment().put("QUARKUS_MANAGEMENT_PORT", "0");
        builder.environment().putAll(environment);
        try {
            return new EdgewayProcess(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> command(String... arguments) {
        List<String> command = new ArrayList<>();
        if (NATIVE) {
            command.add(ROOT.resolve("target/edgeway").toString());
        } else {
            Path distribution = ROOT.resolve("target/quarkus-app");
            command.addAll(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow",
                    "-jar",
                    distribution.resolve("quarkus-run.jar").toString()));
        }
        command.addAll(List.of(arguments));
        return command;
    }

    /** Waits until the gateway is live: it listens before the models that its configuration preloads are there. */
    EdgewayProcess awaitReady() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (admin("/health/ready").statusCode() != 200) {
            if (System.nanoTime() > deadline || !process.isAlive()) {
                throw new AssertionError("edgeway did not become ready:\n" + output());
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
        return this;
    }

    long pid() {
        return process.pid();
    }

    String url() {
        return "http://127.0.0.1:" + ports().api;
    }

    int port() {
        return ports().api;
    }

    String output() {
        return String.join("\n", output);
    }

    HttpResponse<String> get(String path) {
        return send(HttpRequest.newBuilder(URI.create(url() + path)).build());
    }

    /** From the listener of the admin. */
    HttpResponse<String> admin(String path) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + ports().admin + path))
                .build());
    }

    HttpResponse<String> post(String path, String body) {
        return send(HttpRequest.newBuilder(URI.create(url() + path))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    /** The value of a metric, summed over its labels. */
    double metric(String name) {
        String metrics = admin("/metrics").body();
        double[] values = metrics.lines()
                .filter(line -> line.startsWith(name + ' ') || line.startsWith(name + '{'))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .toArray();
        if (values.length == 0) {
            throw new AssertionError("no metric " + name + " in:\n" + metrics);
        }
        return DoubleStream.of(values).sum();
    }

    /** What of the heap that grows by brk(2) is resident now. */
    long heapBytes() {
        long bytes = 0;
        boolean heap = false;
        for (String line : lines("smaps")) {
            if (SMAPS_HEAD.matcher(line).lookingAt()) {
                heap = line.endsWith("[heap]");
            } else if (heap && line.startsWith("Rss:")) {
                bytes += bytes(line);
            }
        }
        return bytes;
    }

    /** Resident memory now. */
    long residentBytes() {
        return lines("status").stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(EdgewayProcess::bytes)
                .sum();
    }

    private static long bytes(String line) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
    }

    /** Of its folder in proc(5). */
    private List<String> lines(String file) {
        try {
            return Files.readAllLines(Path.of("/proc/" + pid(), file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends SIGTERM. */
    void terminate() {
        process.destroy();
    }

    int exitStatus() {
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new AssertionError("still running; it said:\n" + output());
            }
            reader.join();
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        exitStatus();
    }

    private static HttpResponse<String> send(HttpRequest request) {
        try {
            return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private Ports ports() {
        try {
            return ports.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            throw new AssertionError("it does not listen; it said:\n" + output(), e);
        }
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.add(line);
                Matcher listening = LISTENING.matcher(line);
                if (listening.find()) {
                    ports.complete(
                            new Ports(Integer.parseInt(listening.group(1)), Integer.parseInt(listening.group(2))));
                }
            }
            ports.completeExceptionally(new IllegalStateException("it ended"));
        } catch (IOException e) {
            ports.completeExceptionally(e);
        }
    }
}
