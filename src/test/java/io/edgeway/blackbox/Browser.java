package io.edgeway.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Headless Chromium behind chromedriver, driven by the W3C protocol: https://www.w3.org/TR/webdriver2/ */
final class Browser implements AutoCloseable {
    private static final Pattern STARTED = Pattern.compile("started successfully on port (\\d+)");
    private static final String ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

    private final Process driver;
    private final HttpClient client = HttpClient.newHttpClient();
    private final String base;
    private final String session;

    private Browser(Process driver, int port, Path profile) {
        this.driver = driver;
        this.base = "http://127.0.0.1:" + port;
        Map<String, Object> options = Json.object(
                "args",
                List.of(
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--user-data-dir=" + profile));
        Map<?, ?> value = (Map<?, ?>) call(
                "/session",
                Json.object("capabilities", Json.object("alwaysMatch", Json.object("goog:chromeOptions", options))));
        this.session = "/session/" + value.get("sessionId");
    }

    static boolean installed() {
        return on("chromedriver") && on("chromium");
    }

    private static boolean on(String program) {
        return List.of(System.getenv("PATH").split(":")).stream()
                .anyMatch(folder -> Path.of(folder, program).toFile().canExecute());
    }

    static Browser start(Path directory) throws IOException {
        Process driver = new ProcessBuilder("chromedriver", "--port=0")
                .redirectErrorStream(true)
                .start();
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(driver.getInputStream(), StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Matcher started = STARTED.matcher(line);
            if (started.find()) {
                return new Browser(driver, Integer.parseInt(started.group(1)), directory.resolve("profile"));
            }
        }
        throw new AssertionError("chromedriver did not start");
    }

    void open(String url) {
        call(session + "/url", Json.object("url", url));
    }

    void type(String selector, String text) {
        call(element(selector) + "/value", Json.object("text", text));
    }

    void click(String selector) {
        call(element(selector) + "/click", Json.object());
    }

    private String element(String selector) {
        Map<?, ?> found =
                (Map<?, ?>) call(session + "/element", Json.object("using", "css selector", "value", selector));
        return session + "/element/" + found.get(ELEMENT);
    }

    /** What a script returns. */
    Object run(String script) {
        return call(session + "/execute/sync", Json.object("script", script, "args", List.of()));
    }

    /** Waits until a script returns the value. */
    void await(String script, Object expected) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        Object seen = run(script);
        while (!expected.equals(seen) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            seen = run(script);
        }
        assertThat(seen).as(script).isEqualTo(expected);
    }

    private Object call(String path, Object body) {
        try {
            HttpResponse<byte[]> reply = client.send(
                    HttpRequest.newBuilder(URI.create(base + path))
                            .POST(HttpRequest.BodyPublishers.ofByteArray(Json.write(body)))
                            .build(),
                    HttpResponse.BodyHandlers.ofByteArray());
            Map<String, Object> read = Json.readObject(reply.body());
            assertThat(reply.statusCode()).as(path + ' ' + read).isEqualTo(200);
            return read.get("value");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        try {
            client.send(
                    HttpRequest.newBuilder(URI.create(base + session)).DELETE().build(),
                    HttpResponse.BodyHandlers.discarding());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            driver.destroy();
            client.close();
        }
    }
}
