package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.json.Json;
import io.edgeway.server.dialect.Ids;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Files that clients sent or batches made: a description in the journal, the content beside it. */
final class FileShelf {
    private static final String KEY = "file:";

    private final NodeJournal journal;
    private final Vertx vertx;

    FileShelf(NodeJournal journal, Vertx vertx) {
        this.journal = journal;
        this.vertx = vertx;
    }

    String newId() {
        return Ids.next("file-");
    }

    /** Where a file's content lies; the folder is made. Blocks. */
    Path path(String id) throws IOException {
        Path folder = journal.directory().resolve("files");
        Files.createDirectories(folder);
        return folder.resolve(id);
    }

    /** Where a new file's content may go, unless all files together are as large as they may be. Blocks. */
    Path place(String id, long bound) throws IOException {
        Path place = path(id);
        long held = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(place.getParent())) {
            for (Path file : files) {
                held += Files.size(file);
            }
        }
        if (held >= bound) {
            throw new ApiException(
                    507,
                    "server_error",
                    "storage_full",
                    null,
                    "This node's files are as large as they may be together. Delete some, or raise"
                            + " edgeway.responses.files.");
        }
        return place;
    }

    /** Describes a file whose content is in place. */
    Future<Map<String, Object>> describe(String tenant, String id, String name, String purpose) {
        return vertx.executeBlocking(() -> Files.size(path(id))).compose(size -> {
            Map<String, Object> file = Json.object(
                    "id", id,
                    "object", "file",
                    "bytes", size,
                    "created_at", System.currentTimeMillis() / 1000,
                    "filename", name,
                    "purpose", purpose,
                    "status", "processed");
            Map<String, Object> record = Json.object("tenant", tenant);
            record.put("file", file);
            return journal.put(KEY + id, record).map(file);
        });
    }

    /** The description, or null if there is none of that id for the tenant. */
    @SuppressWarnings("unchecked")
    Future<Map<String, Object>> find(String tenant, String id) {
        if (!journal.exists()) {
            return Future.succeededFuture();
        }
        return journal.get(KEY + id)
                .map(record -> record != null && tenant.equals(record.get("tenant"))
                        ? (Map<String, Object>) record.get("file")
                        : null);
    }

    @SuppressWarnings("unchecked")
    Future<List<Map<String, Object>>> list(String tenant) {
        if (!journal.exists()) {
            return Future.succeededFuture(List.of());
        }
        return journal.values(KEY).map(records -> records.stream()
                .filter(record -> tenant.equals(record.get("tenant")))
                .map(record -> (Map<String, Object>) record.get("file"))
                .toList());
    }

    Future<Void> delete(String id) {
        return journal.remove(KEY + id)
                .compose(v -> vertx.executeBlocking(() -> {
                    Files.deleteIfExists(path(id));
                    return null;
                }));
    }
}
