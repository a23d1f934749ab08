package io.edgeway.server;

import io.edgeway.assembly.ConfigSource;
import io.edgeway.assembly.Gateway;
import io.edgeway.assembly.Gateways;
import io.edgeway.assembly.Node;
import io.edgeway.config.ConfigException;
import io.edgeway.memory.FilePages;
import io.edgeway.trace.Tracer;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ImageMode;
import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;

/** Brings the first gateway up when the process starts, and lets the last one finish when it stops. */
@ApplicationScoped
public class Lifecycle {
    /** The exit status of a bad configuration: EX_CONFIG of sysexits.h. */
    public static final int EXIT_CONFIG = 78;

    private static final long LAST_TRACES_MILLIS = 1000;
    private static final long START_OVER_MILLIS = 300;
    private static final Logger LOG = Logger.getLogger(Lifecycle.class);

    @Produces
    @Singleton
    Gateways gateways(Vertx vertx, MeterRegistry meters) {
        return new Gateways(new Node(vertx, meters), ConfigSource.find());
    }

    void start(
            @Observes StartupEvent event,
            Gateways gateways,
            InFlight inFlight,
            ConfigWatch watch,
            GatewayServer server) {
        if (LaunchMode.current() == LaunchMode.NORMAL) {
            StopSignal.handle(() -> {
                drain(gateways, inFlight, watch);
                Quarkus.asyncExit(0);
            });
        }
        gateways.reload()
                .onSuccess(gateway -> {
                    watch.start();
                    server.start();
                    giveBackPages(gateways.node().vertx());
                })
                .onFailure(failure -> {
                    if (failure instanceof ConfigException) {
                        LOG.error(failure.getMessage());
                    } else {
                        LOG.error("The gateway did not start", failure);
                    }
                    Quarkus.asyncExit(EXIT_CONFIG);
                });
    }

    /** Those of the program that only its start has touched. */
    private static void giveBackPages(Vertx vertx) {
        if (ImageMode.current() == ImageMode.NATIVE_RUN) {
            vertx.setTimer(
                    START_OVER_MILLIS,
                    timer -> vertx.executeBlocking(() -> {
                        FilePages.giveBack();
                        return null;
                    }));
        }
    }

    void stop(@Observes ShutdownEvent event, Gateways gateways, GatewayServer server) {
        server.stop();
        gateways.stop();
    }

    /** Traces of the last exchanges still leave, if the collector takes them at once. */
    private static void flush(Tracer tracer) {
        if (tracer == null) {
            return;
        }
        try {
            tracer.flush().toCompletionStage().toCompletableFuture().get(LAST_TRACES_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("The last traces did not leave in time");
        }
    }

    private static void drain(Gateways gateways, InFlight inFlight, ConfigWatch watch) {
        watch.stop();
        Gateway gateway = gateways.current();
        if (gateway != null) {
            LOG.infof("Asked to stop with %d exchanges in flight", inFlight.count());
            inFlight.drain(gateway.config().gateway().server().drain().toMillis());
            flush(gateway.tracer());
        }
    }
}
