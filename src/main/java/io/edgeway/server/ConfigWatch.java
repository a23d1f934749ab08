package io.edgeway.server;

import io.edgeway.assembly.Gateways;
import io.edgeway.config.ConfigException;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.jboss.logging.Logger;

/**
 * Reloads when the configuration file changes. It looks at the file's time and size rather than subscribing to the
 * directory: mounted configuration (a Kubernetes ConfigMap, NFS) changes by a link that such events miss.
 */
@ApplicationScoped
public class ConfigWatch {
    private static final Logger LOG = Logger.getLogger(ConfigWatch.class);
    private static final long EVERY_MILLIS = 1000;

    private record State(FileTime time, long size) {}

    private final Gateways gateways;
    private long timer = -1;
    private State last;

    ConfigWatch(Gateways gateways) {
        this.gateways = gateways;
    }

    synchronized void start() {
        if (gateways.file() == null || timer >= 0) {
            return;
        }
        last = state();
        timer = gateways.node()
                .vertx()
                .setPeriodic(EVERY_MILLIS, id -> gateways.node().vertx().executeBlocking(() -> {
                    look();
                    return null;
                }));
    }

    synchronized void stop() {
        if (timer >= 0) {
            gateways.node().vertx().cancelTimer(timer);
            timer = -1;
        }
    }

    private synchronized void look() {
        State now = state();
        if (now == null || now.equals(last)) {
            return;
        }
        last = now;
        gateways.reload().onFailure(failure -> {
            if (failure instanceof ConfigException) {
                LOG.warnf("The changed configuration was refused, the old one stays:\n%s", failure.getMessage());
            } else {
                LOG.warn("The changed configuration did not start, the old one stays", failure);
            }
        });
    }

    private State state() {
        Path file = gateways.file();
        try {
            return new State(Files.getLastModifiedTime(file), Files.size(file));
        } catch (IOException e) {
            return null;
        }
    }
}
