package io.edgeway.plugin.cache;

import io.edgeway.reuse.Digest;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.zip.CRC32;
import org.jboss.logging.Logger;

/** The answers of a store on disk, from one run of the node to the next. */
final class Snapshot implements AutoCloseable {
    /*
     * A magic number, then for each answer its length, its checksum and its fields. What the checksum does not fit, and
     * all after it, is not read: a torn file loses answers, it never invents one.
     */
    private static final Logger LOG = Logger.getLogger(Snapshot.class);
    private static final long MAGIC = 0x4544474557415901L;
    private static final int MAX_ENTRY = 1 << 29;

    private final Path file;
    private final Store store;
    private final Duration ttl;

    Snapshot(Path file, Store store, Duration ttl) {
        this.file = file;
        this.store = store;
        this.ttl = ttl;
    }

    /** Fills the store. Returns whether all was well; an absent file is. */
    boolean load() {
        long oldest = System.currentTimeMillis() - ttl.toMillis();
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            if (in.readLong() != MAGIC) {
                return false;
            }
            int length;
            while ((length = in.readInt()) > 0) {
                int checksum = in.readInt();
                if (length > MAX_ENTRY || length > Files.size(file)) {
                    return false;
                }
                byte[] payload = new byte[length];
                in.readFully(payload);
                if (checksum(payload) != checksum) {
                    return false;
                }
                read(payload, oldest);
            }
            return length == 0;
        } catch (NoSuchFileException e) {
            return true;
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    private void read(byte[] payload, long oldest) throws IOException {
        Entry.Kept kept = Entry.read(payload, 0);
        if (kept.entry().recording().createdMillis() >= oldest) {
            store.put(kept.key(), kept.entry(), store.generation());
        }
    }

    /** Writes the store, beside the old file first. */
    @Override
    public void close() {
        Path partial = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            try (DataOutputStream out =
                    new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(partial)))) {
                out.writeLong(MAGIC);
                for (Map.Entry<Digest, Entry> entry : store.view().entrySet()) {
                    byte[] payload = entry.getValue().bytes(entry.getKey());
                    out.writeInt(payload.length);
                    out.writeInt(checksum(payload));
                    out.write(payload);
                }
                out.writeInt(0);
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOG.warnf("The answers of the cache could not be kept in %s: %s", file, e.getMessage());
        }
    }

    private static int checksum(byte[] payload) {
        CRC32 crc = new CRC32();
        crc.update(payload);
        return (int) crc.getValue();
    }
}
