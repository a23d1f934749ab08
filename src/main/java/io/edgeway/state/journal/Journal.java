package io.edgeway.state.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;

/** A sorted map from keys to bytes that outlives the process. Blocks; not for an event loop. */
public final class Journal implements AutoCloseable {
    /*
     * The file is a sequence of records, each a change:
     *
     *   int size of what follows the checksum | int CRC-32 of it | short key length | key | value
     *
     * with a negative key length for a removal. Only the places of the values are held in memory. A record is on the
     * disk before put returns. A crash may leave a torn record at the end, which the next opening cuts off; a record
     * whose checksum is wrong ends the file in the same way, because nothing after it can be trusted.
     *
     * When most of the file is stale it is written anew beside itself and renamed into place.
     */

    /** The bound would be passed. */
    public static final class Full extends IOException {
        private static final long serialVersionUID = 1L;

        Full(long bound) {
            super("the journal holds as much as it may: " + bound + " bytes");
        }
    }

    private record Place(long offset, int length) {}

    private static final int HEADER = 8;
    /** Files smaller than this are not worth compacting. */
    private static final long MIN_COMPACT = 1 << 20;

    private final Path file;
    private final long maxBytes;
    private final TreeMap<String, Place> places = new TreeMap<>();
    private FileChannel channel;
    private final FileChannel lockChannel;
    private final FileLock lock;
    private long end;
    private long live;

    private Journal(Path file, long maxBytes) throws IOException {
        this.file = file;
        this.maxBytes = maxBytes;
        Files.createDirectories(file.getParent());
        lockChannel = FileChannel.open(
                file.resolveSibling(file.getFileName() + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        lock = lock();
        boolean fresh = !Files.exists(file);
        channel = open(file);
        if (fresh) {
            hide();
        }
        replay();
    }

    /** @param maxBytes of live records, beyond which {@link #put} is refused */
    public static Journal open(Path file, long maxBytes) throws IOException {
        return new Journal(file, maxBytes);
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private FileLock lock() throws IOException {
        FileLock got = null;
        try {
            got = lockChannel.tryLock();
        } catch (OverlappingFileLockException e) {
            // Told below.
        }
        if (got == null) {
            lockChannel.close();
            throw new IOException("the journal " + file + " is in use by another process");
        }
        return got;
    }

    /** What callers asked and were told is nobody else's business. */
    private void hide() throws IOException {
        if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(
                    file, EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));
        }
    }

    private void replay() throws IOException {
        long size = channel.size();
        ByteBuffer header = ByteBuffer.allocate(HEADER);
        while (end + HEADER <= size) {
            header.clear();
            read(header, end);
            int length = header.getInt(0);
            if (length < 2 || end + HEADER + length > size) {
                break;
            }
            ByteBuffer body = ByteBuffer.allocate(length);
            read(body, end + HEADER);
            if (checksum(body.array()) != header.getInt(4)) {
                break;
            }
            apply(body, end);
            end += HEADER + length;
        }
        if (end < size) {
            channel.truncate(end);
        }
    }

    private void apply(ByteBuffer body, long offset) {
        short keyLength = body.getShort(0);
        int keyBytes = Math.abs(keyLength);
        String key = new String(body.array(), 2, keyBytes, StandardCharsets.UTF_8);
        int valueLength = body.capacity() - 2 - keyBytes;
        Place old = keyLength < 0
                ? places.remove(key)
                : places.put(key, new Place(offset + HEADER + 2 + keyBytes, valueLength));
        live += (keyLength < 0 ? 0 : valueLength) - (old == null ? 0 : old.length);
    }

    /** The value, or null. */
    public synchronized byte[] get(String key) throws IOException {
        Place place = places.get(key);
        if (place == null) {
            return null;
        }
        ByteBuffer value = ByteBuffer.allocate(place.length);
        read(value, place.offset);
        return value.array();
    }

    /** The keys that begin so, sorted. */
    public synchronized List<String> keys(String prefix) {
        return List.copyOf(places.subMap(prefix, prefix + '\uffff').keySet());
    }

    /** Keeps the value; it is on the disk when this returns. */
    public synchronized void put(String key, byte[] value) throws IOException {
        Place old = places.get(key);
        if (live + value.length - (old == null ? 0 : old.length) > maxBytes) {
            throw new Full(maxBytes);
        }
        append(key, value, false);
    }

    public synchronized void remove(String key) throws IOException {
        if (places.containsKey(key)) {
            append(key, new byte[0], true);
        }
    }

    private void append(String key, byte[] value, boolean removal) throws IOException {
        byte[] name = key.getBytes(StandardCharsets.UTF_8);
        ByteBuffer body = ByteBuffer.allocate(2 + name.length + value.length);
        body.putShort((short) (removal ? -name.length : name.length)).put(name).put(value);
        long offset = end;
        end = write(channel, offset, body.array());
        channel.force(false);
        apply(body, offset);
        if (end > MIN_COMPACT && end > 3 * live) {
            compact();
        }
    }

    private static long write(FileChannel to, long offset, byte[] body) throws IOException {
        ByteBuffer record = ByteBuffer.allocate(HEADER + body.length);
        record.putInt(body.length).putInt(checksum(body)).put(body).flip();
        long at = offset;
        while (record.hasRemaining()) {
            at += to.write(record, at);
        }
        return at;
    }

    private void compact() throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        Files.deleteIfExists(next);
        FileChannel fresh = open(next);
        TreeMap<String, Place> moved = new TreeMap<>();
        long at = 0;
        for (Map.Entry<String, Place> entry : places.entrySet()) {
            byte[] name = entry.getKey().getBytes(StandardCharsets.UTF_8);
            byte[] value = get(entry.getKey());
            ByteBuffer body = ByteBuffer.allocate(2 + name.length + value.length);
            body.putShort((short) name.length).put(name).put(value);
            moved.put(entry.getKey(), new Place(at + HEADER + 2 + name.length, value.length));
            at = write(fresh, at, body.array());
        }
        fresh.force(true);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        channel.close();
        channel = fresh;
        hide();
        places.clear();
        places.putAll(moved);
        end = at;
    }

    private void read(ByteBuffer into, long offset) throws IOException {
        long at = offset;
        while (into.hasRemaining()) {
            int count = channel.read(into, at);
            if (count < 0) {
                throw new IOException("the journal " + file + " ends too early");
            }
            at += count;
        }
    }

    private static int checksum(byte[] body) {
        CRC32 crc = new CRC32();
        crc.update(body);
        return (int) crc.getValue();
    }

    @Override
    public synchronized void close() throws IOException {
        channel.close();
        lock.release();
        lockChannel.close();
    }
}
