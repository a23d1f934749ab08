package io.edgeway.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.edgeway.config.Network;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientAddressTest {
    private static final List<Network> TRUSTED =
            List.of(Network.parse("10.0.0.0/9"), Network.parse("127.0.0.1"), Network.parse("fd00::/8"));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "a stranger is not believed       | 203.0.113.9 | 198.51.100.7             | 203.0.113.9",
                "a trusted proxy is               | 10.0.0.1    | 198.51.100.7             | 198.51.100.7",
                "the client's own words are not   | 10.0.0.1    | 1.2.3.4, 198.51.100.7    | 198.51.100.7",
                "through two trusted proxies      | 127.0.0.1   | 198.51.100.7, 10.9.9.9   | 198.51.100.7",
                "outside of the block             | 10.128.0.1  | 198.51.100.7             | 10.128.0.1",
                "nobody but proxies               | 10.0.0.1    | 10.0.0.2                 | 10.0.0.2",
                "no address                       | 10.0.0.1    | 198.51.100.7, unknown    | 10.0.0.1",
                "a host name is never looked up   | 10.0.0.1    | localhost                | 10.0.0.1",
                "with a port                      | 10.0.0.1    | 198.51.100.7:4711        | 198.51.100.7",
                "IPv6 with a port                 | fd00::1     | [2001:db8::1]:4711       | 2001:db8::1",
                "IPv4 in IPv6 clothes             | ::ffff:10.0.0.1 | 198.51.100.7         | 198.51.100.7",
                "IPv4 from a dual-stack proxy     | 10.0.0.1    | ::ffff:198.51.100.7      | 198.51.100.7",
                "the same in hexadecimal          | 10.0.0.1    | 0:0::ffff:c633:6407      | 198.51.100.7",
                "the client's words in front of it| 10.0.0.1    | 1.2.3.4, ::ffff:10.0.0.2 | 1.2.3.4",
                "an empty header                  | 10.0.0.1    | ''                       | 10.0.0.1"
            })
    void believesTrustedProxiesOnly(String story, String peer, String forwarded, String client) {
        assertEquals(client, ClientAddress.of(peer, List.of(forwarded), TRUSTED), story);
    }

    @Test
    void readsSeveralHeadersAsOneList() {
        assertEquals(
                "198.51.100.7",
                ClientAddress.of("10.0.0.1", List.of("1.2.3.4", "198.51.100.7, 10.0.0.3", "10.0.0.2"), TRUSTED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/33", "fd00::/129", "proxy.example", "10.0.0", "10.0.0.1/", ""})
    void refusesWhatIsNoBlock(String text) {
        assertThrows(IllegalArgumentException.class, () -> Network.parse(text));
    }
}
