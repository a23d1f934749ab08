package io.edgeway.backend.local;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Keys and values of prompts seen before, by blocks of tokens. A block is found by its tokens and the block before it,
 * so that prompts share what they have in common; the first block of a chain belongs to a tenant, and no tenant sees
 * another's. The least recently used go first. Confined to one thread.
 */
final class PrefixCache implements AutoCloseable {
    /** A restored block equals a computed one bit for bit, whatever passes its prompt was read in. */
    static final int BLOCK = 64;

    private record Key(Object parent, int[] tokens) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && parent.equals(key.parent) && Arrays.equals(tokens, key.tokens);
        }

        @Override
        public int hashCode() {
            return 31 * parent.hashCode() + Arrays.hashCode(tokens);
        }
    }

    private record Block(Long id, Arena arena, MemorySegment memory) {}

    private final KvSlab slab;
    private final long blockBytes;
    private final long maxBlocks;
    private final Map<Key, Block> blocks = new LinkedHashMap<>(16, 0.75f, true);
    private final ArrayDeque<Block> spare = new ArrayDeque<>();
    private long nextId;

    /** Keeps nothing and finds nothing. */
    static PrefixCache none() {
        return new PrefixCache(null, 0, 0);
    }

    PrefixCache(KvSlab slab, long maxBytes) {
        this(slab, slab.bytesPerToken() * BLOCK, maxBytes / (slab.bytesPerToken() * BLOCK));
    }

    private PrefixCache(KvSlab slab, long blockBytes, long maxBlocks) {
        this.slab = slab;
        this.blockBytes = blockBytes;
        this.maxBlocks = maxBlocks;
    }

    long bytes() {
        return (blocks.size() + spare.size()) * blockBytes;
    }

    /** Copies the longest known prefix into a row, but never the last token, whose logits are needed; answers its length. */
    int restore(String tenant, int[] prompt, int row) {
        Object parent = tenant;
        int at = 0;
        while (at + BLOCK < prompt.length) {
            Block block = blocks.get(new Key(parent, Arrays.copyOfRange(prompt, at, at + BLOCK)));
            if (block == null) {
                break;
            }
            slab.restore(row, at, BLOCK, block.memory());
            parent = block.id();
            at += BLOCK;
        }
        return at;
    }

    /** Keeps the whole blocks of a prompt that a row holds. */
    void keep(String tenant, int[] prompt, int row) {
        Object parent = tenant;
        long room = maxBlocks;
        for (int at = 0; at + BLOCK <= prompt.length && room > 0; at += BLOCK, room--) {
            Key key = new Key(parent, Arrays.copyOfRange(prompt, at, at + BLOCK));
            Block block = blocks.get(key);
            if (block == null) {
                block = take();
                slab.save(row, at, BLOCK, block.memory());
                blocks.put(key, block);
            }
            parent = block.id();
        }
    }

    /** Memory for one block; an id is used once, so nothing can be found below a block that has gone. */
    private Block take() {
        if (blocks.size() >= maxBlocks) {
            Iterator<Block> eldest = blocks.values().iterator();
            spare.add(eldest.next());
            eldest.remove();
        }
        Block old = spare.poll();
        if (old != null) {
            return new Block(nextId++, old.arena(), old.memory());
        }
        Arena arena = Arena.ofConfined();
        return new Block(nextId++, arena, arena.allocate(blockBytes, 64));
    }

    @Override
    public void close() {
        blocks.values().forEach(block -> block.arena().close());
        spare.forEach(block -> block.arena().close());
        blocks.clear();
        spare.clear();
    }
}
