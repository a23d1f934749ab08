package io.edgeway.bench;

import io.edgeway.json.Json;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * A load generator for chat requests. Closed loop: {@code concurrency} requests are always in flight. Open loop: requests
 * start at a fixed {@code rate} whatever the server does, and a latency counts from the time at which its request should
 * have started, so that a stall is not hidden by the requests it kept from starting (coordinated omission); only a start
 * that is late by no more than the timer's own step counts from where it was. Prints a line of
 * JSON for each run.
 *
 * <p>Options, as {@code name=value}: {@code url}, {@code body} (a file), {@code concurrency}, {@code rate}, {@code
 * seconds}, {@code warmup} (seconds), {@code abort-after} (milliseconds after which each streaming client leaves), {@code
 * headers} ({@code name=value|name=value}). A lone {@code next} begins the options of another run.
 */
public final class Load {
    /** As late as a timer of milliseconds lets a request start. */
    private static final long STEP = TimeUnit.MILLISECONDS.toNanos(2);

    /** Between the options of one run and those of the next. */
    private static final String NEXT = "next";

    private static final long HIGHEST = TimeUnit.MINUTES.toNanos(1);

    private final Vertx vertx = Vertx.vertx(new io.vertx.core.VertxOptions().setEventLoopPoolSize(1));
    private final HttpClient client;
    private final RequestOptions target;
    private final Buffer body;
    private final int concurrency;
    private final double rate;
    private final long abortAfterMillis;
    private final long warmup;
    private final long measured;
    private long measureFrom;
    private volatile long stopAt;
    private final CountDownLatch done = new CountDownLatch(1);

    private final Histogram latency = new Histogram(HIGHEST, 3);
    private final Histogram firstByte = new Histogram(HIGHEST, 3);
    private final Histogram between = new Histogram(HIGHEST, 3);
    private long started;
    private long completed;
    private long failed;
    private long bytes;
    private int inFlight;

    private Load(Map<String, String> options) throws Exception {
        URI url = URI.create(options.get("url"));
        concurrency = Integer.parseInt(options.getOrDefault("concurrency", "1"));
        rate = Double.parseDouble(options.getOrDefault("rate", "0"));
        abortAfterMillis = Long.parseLong(options.getOrDefault("abort-after", "0"));
        body = Buffer.buffer(Files.readAllBytes(Path.of(options.get("body"))));
        client = vertx.createHttpClient(
                new HttpClientOptions().setTcpNoDelay(true).setKeepAliveTimeout(60),
                new PoolOptions().setHttp1MaxSize(Math.max(concurrency, 2048)).setMaxWaitQueueSize(100_000));
        target = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost(url.getHost())
                .setPort(url.getPort())
                .setURI(url.getPath())
                .putHeader("content-type", "application/json")
                .putHeader("authorization", "Bearer " + options.getOrDefault("key", "bench"));
        for (String header : options.getOrDefault("headers", "").split("\\|")) {
            int equals = header.indexOf('=');
            if (equals > 0) {
                target.putHeader(header.substring(0, equals), header.substring(equals + 1));
            }
        }
        warmup = seconds(options.getOrDefault("warmup", "1"));
        measured = seconds(options.getOrDefault("seconds", "5"));
    }

    public static void main(String... args) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (String arg : args) {
            if (arg.equals(NEXT)) {
                measure(options);
                options = new HashMap<>();
            } else {
                int equals = arg.indexOf('=');
                options.put(arg.substring(0, equals), arg.substring(equals + 1));
            }
        }
        measure(options);
        System.exit(0);
    }

    private static void measure(Map<String, String> options) throws Exception {
        Load load = new Load(options);
        load.run();
        System.out.println(new String(Json.write(load.report()), StandardCharsets.UTF_8));
        load.vertx.close();
    }

    private static long seconds(String text) {
        return (long) (Double.parseDouble(text) * 1e9);
    }

    private void run() throws InterruptedException {
        vertx.runOnContext(v -> {
            // The clock starts here: on a busy machine the loop's own start may take longer than a short run.
            long now = System.nanoTime();
            measureFrom = now + warmup;
            stopAt = measureFrom + measured;
            if (rate > 0) {
                open(now, 0);
            } else {
                for (int i = 0; i < concurrency; i++) {
                    request(System.nanoTime(), true);
                }
            }
        });
        done.await(warmup + measured + TimeUnit.SECONDS.toNanos(60), TimeUnit.NANOSECONDS);
    }

    /** Starts every request that is due, then looks again a millisecond later. */
    private void open(long from, long sent) {
        long now = System.nanoTime();
        if (now >= stopAt) {
            finishIfIdle();
            return;
        }
        long due = (long) ((now - from) / 1e9 * rate);
        long next = sent;
        for (; next <= due; next++) {
            long intended = from + (long) (next / rate * 1e9);
            long late = System.nanoTime() - intended;
            request(late <= STEP ? intended + late : intended, false);
        }
        long count = next;
        vertx.setTimer(1, id -> open(from, count));
    }

    private void request(long intended, boolean again) {
        inFlight++;
        started++;
        client.request(target)
                .compose(request -> {
                    if (abortAfterMillis > 0) {
                        vertx.setTimer(abortAfterMillis, id -> request.reset());
                    }
                    return send(request, intended);
                })
                .onComplete(result -> {
                    long now = System.nanoTime();
                    if (intended >= measureFrom && now <= stopAt + TimeUnit.SECONDS.toNanos(20)) {
                        if (result.succeeded()) {
                            completed++;
                            latency.recordValue(Math.min(HIGHEST, now - intended));
                        } else {
                            failed++;
                        }
                    }
                    inFlight--;
                    if (again && now < stopAt) {
                        request(System.nanoTime(), true);
                    } else {
                        finishIfIdle();
                    }
                });
    }

    private io.vertx.core.Future<Void> send(HttpClientRequest request, long intended) {
        return request.send(body).compose((HttpClientResponse response) -> {
            if (response.statusCode() != 200) {
                return response.body()
                        .compose(b -> io.vertx.core.Future.failedFuture("status " + response.statusCode()));
            }
            long[] last = {0};
            response.handler(buffer -> {
                long now = System.nanoTime();
                if (intended >= measureFrom) {
                    bytes += buffer.length();
                    if (last[0] == 0) {
                        firstByte.recordValue(Math.min(HIGHEST, now - intended));
                    } else {
                        between.recordValue(Math.min(HIGHEST, now - last[0]));
                    }
                }
                last[0] = now;
            });
            return response.end();
        });
    }

    private void finishIfIdle() {
        if (inFlight == 0 && System.nanoTime() >= stopAt) {
            done.countDown();
        }
    }

    private Map<String, Object> report() {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("started", started);
        out.put("completed", completed);
        out.put("failed", failed);
        out.put("per_second", completed / (measured / 1e9));
        out.put("bytes", bytes);
        out.put("latency_us", percentiles(latency));
        out.put("first_byte_us", percentiles(firstByte));
        out.put("between_us", percentiles(between));
        return out;
    }

    private static Map<String, Object> percentiles(Histogram histogram) {
        Map<String, Object> out = new LinkedHashMap<>();
        for (double percentile : new double[] {50, 90, 99, 99.9}) {
            out.put(
                    "p" + (percentile == 99.9 ? "99.9" : Integer.toString((int) percentile)),
                    histogram.getValueAtPercentile(percentile) / 1000.0);
        }
        out.put("max", histogram.getMaxValue() / 1000.0);
        return out;
    }
}
