package io.edgeway.config;

import io.netty.util.NetUtil;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A block of addresses, written as {@code 10.0.0.0/8}, {@code fd00::/8} or one address. */
public final class Network {
    private static final Pattern FORM = Pattern.compile("([0-9A-Fa-f.:]{2,45})(?:/(\\d{1,3}))?");
    private static final int MAPPED_PREFIX = 96;

    /** Always 16 bytes: IPv4 as mapped into IPv6, so that either form of an address is found. */
    private final byte[] base;

    private final int bits;

    private Network(byte[] base, int bits) {
        this.base = base;
        this.bits = bits;
    }

    public static Network parse(String text) {
        Matcher match = FORM.matcher(text.trim());
        if (match.matches()) {
            byte[] plain = NetUtil.createByteArrayFromIpAddressString(match.group(1));
            if (plain != null) {
                int width = plain.length * 8;
                int bits = match.group(2) == null ? width : Integer.parseInt(match.group(2));
                if (bits <= width) {
                    return new Network(wide(plain), plain.length == 4 ? bits + MAPPED_PREFIX : bits);
                }
            }
        }
        throw new IllegalArgumentException("expected an address or a block such as 10.0.0.0/8 or fd00::/8");
    }

    /** @param address in text form; what is no address is in no block */
    public boolean contains(String address) {
        byte[] plain = NetUtil.createByteArrayFromIpAddressString(address);
        if (plain == null) {
            return false;
        }
        byte[] bytes = wide(plain);
        int whole = bits / 8;
        if (Arrays.mismatch(base, 0, whole, bytes, 0, whole) >= 0) {
            return false;
        }
        int rest = bits % 8;
        return rest == 0 || ((base[whole] ^ bytes[whole]) & 0xff) >>> (8 - rest) == 0;
    }

    private static byte[] wide(byte[] plain) {
        if (plain.length == 16) {
            return plain;
        }
        byte[] mapped = new byte[16];
        mapped[10] = (byte) 0xff;
        mapped[11] = (byte) 0xff;
        System.arraycopy(plain, 0, mapped, 12, 4);
        return mapped;
    }
}
