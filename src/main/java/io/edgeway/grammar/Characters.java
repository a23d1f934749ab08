package io.edgeway.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A set of code points as ranges in rising order, and its way through UTF-8. */
record Characters(List<int[]> ranges) {
    static final Characters ANY = of(0, 0xd7ff).or(of(0xe000, 0x10ffff));

    /** What may stand in a JSON string as it is. */
    static final Characters PLAIN =
            ANY.without(of(0, 0x1f)).without(of('"', '"')).without(of('\\', '\\'));

    static Characters of(int from, int through) {
        return new Characters(List.of(new int[] {from, through}));
    }

    static Characters none() {
        return new Characters(List.of());
    }

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    boolean has(int c) {
        return ranges.stream().anyMatch(range -> range[0] <= c && c <= range[1]);
    }

    /** Whether the bytes are well-formed UTF-8 and every character is one of these. */
    boolean holdsAll(byte[] utf8) {
        var text = new String(utf8, StandardCharsets.UTF_8);
        return Arrays.equals(text.getBytes(StandardCharsets.UTF_8), utf8)
                && text.codePoints().allMatch(this::has);
    }

    Characters or(Characters other) {
        var all = new ArrayList<>(ranges);
        all.addAll(other.ranges);
        all.sort((a, b) -> Integer.compare(a[0], b[0]));
        var merged = new ArrayList<int[]>();
        for (var range : all) {
            var last = merged.isEmpty() ? null : merged.getLast();
            if (last != null && range[0] <= last[1] + 1) {
                last[1] = Math.max(last[1], range[1]);
            } else {
                merged.add(range.clone());
            }
        }
        return new Characters(merged);
    }

    Characters without(Characters other) {
        var rest = ranges;
        for (var hole : other.ranges) {
            var next = new ArrayList<int[]>();
            for (var range : rest) {
                if (hole[1] < range[0] || hole[0] > range[1]) {
                    next.add(range);
                    continue;
                }
                if (range[0] < hole[0]) {
                    next.add(new int[] {range[0], hole[0] - 1});
                }
                if (range[1] > hole[1]) {
                    next.add(new int[] {hole[1] + 1, range[1]});
                }
            }
            rest = next;
        }
        return new Characters(rest);
    }

    Characters and(Characters other) {
        return without(ANY.without(other));
    }

    /** A node that takes the UTF-8 bytes of one of the characters. */
    Node node(Node to) {
        var split = new Node.Split();
        var ascii = new Node.Bytes(to);
        boolean any = false;
        for (var range : ranges) {
            if (range[0] < 0x80) {
                ascii.add(range[0], Math.min(range[1], 0x7f));
                any = true;
            }
            encode(split, Math.max(range[0], 0x80), Math.min(range[1], 0x7ff), to);
            encode(split, Math.max(range[0], 0x800), Math.min(range[1], 0xffff), to);
            encode(split, Math.max(range[0], 0x10000), range[1], to);
        }
        if (any) {
            split.ways.addFirst(ascii);
        }
        return split.ways.size() == 1 ? split.ways.getFirst() : split;
    }

    /** Adds the ways through a range whose characters have equally many bytes, cut where lower bytes wrap. */
    private static void encode(Node.Split split, int from, int through, Node to) {
        if (from > through) {
            return;
        }
        int length = from < 0x800 ? 2 : from < 0x10000 ? 3 : 4;
        for (int i = 1; i < length; i++) {
            int mask = (1 << 6 * i) - 1;
            if ((from & ~mask) != (through & ~mask)) {
                if ((from & mask) != 0) {
                    encode(split, from, from | mask, to);
                    encode(split, (from | mask) + 1, through, to);
                    return;
                }
                if ((through & mask) != mask) {
                    encode(split, from, (through & ~mask) - 1, to);
                    encode(split, through & ~mask, through, to);
                    return;
                }
            }
        }
        var node = to;
        for (int i = 0; i < length - 1; i++) {
            node = new Node.Bytes(node).add(0x80 | from >> 6 * i & 0x3f, 0x80 | through >> 6 * i & 0x3f);
        }
        int lead = length == 2 ? 0xc0 : length == 3 ? 0xe0 : 0xf0;
        int shift = 6 * (length - 1);
        split.ways.add(new Node.Bytes(node).add(lead | from >> shift, lead | through >> shift));
    }
}
