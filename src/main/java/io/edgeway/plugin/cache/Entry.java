package io.edgeway.plugin.cache;

import io.edgeway.reuse.Digest;
import io.edgeway.reuse.Recording;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An answer in the store, with what it is looked at and purged by. */
record Entry(String tenant, String model, Recording recording) {
    int weight() {
        return recording.weight() + tenant.length() + model.length();
    }

    /** An answer as it lies outside of memory, under the key that it answers. */
    record Kept(Digest key, Entry entry) {}

    byte[] bytes(Digest key) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(weight());
        DataOutputStream out = new DataOutputStream(bytes);
        byte[] digest = new byte[Digest.BYTES];
        key.write(ByteBuffer.wrap(digest));
        out.write(digest);
        out.writeUTF(tenant);
        out.writeUTF(model);
        out.writeBoolean(recording.backend() != null);
        if (recording.backend() != null) {
            out.writeUTF(recording.backend());
        }
        out.writeLong(recording.createdMillis());
        out.write(recording.json());
        return bytes.toByteArray();
    }

    /** Reads what {@link #bytes} wrote. */
    static Kept read(byte[] bytes, int from) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, from, bytes.length - from));
        Digest key = Digest.of(in.readNBytes(Digest.BYTES));
        String tenant = in.readUTF();
        String model = in.readUTF();
        String backend = in.readBoolean() ? in.readUTF() : null;
        long created = in.readLong();
        return new Kept(key, new Entry(tenant, model, new Recording(in.readAllBytes(), backend, created)));
    }
}
