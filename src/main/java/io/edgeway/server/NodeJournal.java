package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.assembly.Gateway;
import io.edgeway.assembly.Gateways;
import io.edgeway.json.Json;
import io.edgeway.state.journal.Journal;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/** The node's journal, opened when it is first needed and used off the event loop. Its values are JSON objects. */
final class NodeJournal {
    private static final Logger LOG = Logger.getLogger(NodeJournal.class);

    @FunctionalInterface
    private interface Use<T> {
        T apply(Journal journal) throws IOException;
    }

    private final Gateways gateways;
    private Journal journal;
    private boolean closed;

    NodeJournal(Gateways gateways) {
        this.gateways = gateways;
    }

    /** Where the journal and what belongs to it lie. */
    Path directory() {
        Gateway gateway = gateways.current();
        if (gateway == null) {
            throw ApiException.unavailable("starting", "This node is starting. Try again in a moment.", 1000);
        }
        return gateway.stateDirectory();
    }

    /** Whether an earlier process left one; looking does not make it. */
    boolean exists() {
        return Files.exists(directory().resolve("journal"));
    }

    Future<Map<String, Object>> get(String key) {
        return use(open -> {
            byte[] value = open.get(key);
            return value == null ? null : Json.readObject(value);
        });
    }

    Future<Void> put(String key, Map<String, Object> value) {
        return use(open -> {
            open.put(key, Json.write(value));
            return null;
        });
    }

    Future<Void> remove(String key) {
        return use(open -> {
            open.remove(key);
            return null;
        });
    }

    Future<List<String>> keys(String prefix) {
        return use(open -> open.keys(prefix));
    }

    /** The values of the keys that begin so, in the keys' order. */
    Future<List<Map<String, Object>>> values(String prefix) {
        return use(open -> {
            List<Map<String, Object>> values = new ArrayList<>();
            for (String key : open.keys(prefix)) {
                values.add(Json.readObject(open.get(key)));
            }
            return values;
        });
    }

    private <T> Future<T> use(Use<T> use) {
        return gateways.node().vertx().executeBlocking(() -> {
            try {
                return use.apply(open());
            } catch (Journal.Full e) {
                throw new ApiException(
                        507,
                        "server_error",
                        "storage_full",
                        null,
                        "This node keeps as much as it may. Delete responses, files or batches, or raise"
                                + " edgeway.responses.disk.");
            } catch (IOException e) {
                LOG.error("The journal cannot be used", e);
                throw ApiException.unavailable(
                        "storage_unavailable", "This node cannot keep anything now. Its log has the reason.", 10_000);
            }
        });
    }

    private synchronized Journal open() throws IOException {
        if (closed) {
            throw ApiException.unavailable("shutting_down", "This node is stopping. Try another, or again soon.", 1000);
        }
        if (journal == null) {
            long bound =
                    gateways.current().config().gateway().responses().disk().value();
            journal = Journal.open(directory().resolve("journal"), bound);
        }
        return journal;
    }

    /** What comes later is refused: another process may have the journal then. */
    synchronized void close() {
        closed = true;
        try {
            if (journal != null) {
                journal.close();
            }
        } catch (IOException e) {
            LOG.warn("The journal did not close well", e);
        }
        journal = null;
    }
}
