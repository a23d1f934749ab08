package io.edgeway.testkit;

import io.edgeway.api.Dialect;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Principal;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/**
 * Requests as choices: for each thing that a request may say, one of a few values that all mean something else. Two of
 * them mean the same exactly if their choices are equal, whatever order and space their bodies are written with.
 */
public record Asking(Map<String, String> choices, long spelling) {
    private static final String ABSENT = "";

    /** Who asks whom, and in which dialect. */
    private static final Map<String, List<String>> AROUND = new TreeMap<>(Map.of(
            "@tenant", List.of("ann", "bob", "annbob"),
            "@key", List.of("k1", "k2"),
            "@dialect", List.of("CHAT", "EMBEDDINGS"),
            "@model", List.of("m", "mm", "m2"),
            "@x-edgeway-route", List.of(ABSENT, "cloud", "local"),
            "@openai-beta", List.of(ABSENT, "cloud"),
            "@anthropic-beta", List.of(ABSENT, "cloud")));

    /** Members that may change an answer, and what they may be. */
    private static final Map<String, List<String>> MEANING = new TreeMap<>(Map.ofEntries(
            Map.entry(
                    "messages",
                    List.of(
                            "[{\"role\":\"user\",\"content\":\"hi\"}]",
                            "[{\"role\":\"user\",\"content\":\"hi \"}]",
                            "[{\"role\":\"user\",\"content\":\"Hi\"}]",
                            "[{\"role\":\"system\",\"content\":\"be brief\"},{\"role\":\"user\",\"content\":\"hi\"}]",
                            "[{\"role\":\"developer\",\"content\":\"be brief\"},{\"role\":\"user\",\"content\":\"hi\"}]",
                            "[{\"role\":\"user\",\"content\":\"hi\",\"name\":\"x\"}]",
                            "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"},"
                                    + "{\"type\":\"image_url\",\"image_url\":{\"url\":\"a\"}}]}]",
                            "[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"ho\"},"
                                    + "{\"role\":\"user\",\"content\":\"hi\"}]")),
            Map.entry(
                    "tools",
                    List.of(
                            ABSENT,
                            "[]",
                            "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]",
                            "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}]",
                            "[{\"type\":\"function\",\"function\":{\"name\":\"g\"}}]")),
            Map.entry("tool_choice", List.of(ABSENT, "\"auto\"", "\"none\"", "\"required\"")),
            Map.entry("parallel_tool_calls", List.of(ABSENT, "true", "false")),
            Map.entry(
                    "response_format",
                    List.of(ABSENT, "{\"type\":\"text\"}", "{\"type\":\"json_object\"}", "{\"type\":\"json_schema\"}")),
            Map.entry("temperature", List.of(ABSENT, "0", "0.0", "0.7", "null", "\"0\"")),
            Map.entry("top_p", List.of(ABSENT, "0", "0.5", "1")),
            Map.entry("seed", List.of(ABSENT, "1", "-1", "12345678901234567890", "12345678901234567891")),
            Map.entry("n", List.of(ABSENT, "1", "2")),
            Map.entry("max_tokens", List.of(ABSENT, "1", "10")),
            Map.entry("max_completion_tokens", List.of(ABSENT, "1", "10")),
            Map.entry("stop", List.of(ABSENT, "\"a\"", "[\"a\"]", "[\"a\",\"b\"]", "[\"b\",\"a\"]")),
            Map.entry("logprobs", List.of(ABSENT, "true", "false")),
            Map.entry("top_logprobs", List.of(ABSENT, "1", "2")),
            Map.entry("logit_bias", List.of(ABSENT, "{\"1\":2}", "{\"1\":-2}", "{\"2\":1}")),
            Map.entry("frequency_penalty", List.of(ABSENT, "0.5", "-0.5")),
            Map.entry("presence_penalty", List.of(ABSENT, "0.5", "-0.5")),
            Map.entry("reasoning_effort", List.of(ABSENT, "\"low\"", "\"high\"")),
            Map.entry("service_tier", List.of(ABSENT, "\"flex\"")),
            Map.entry(
                    "a_member_of_tomorrow", List.of(ABSENT, "null", "true", "{\"stream\":true}", "{\"user\":\"u\"}"))));

    /** Members of form and bookkeeping. */
    private static final Map<String, List<String>> FORM = new TreeMap<>(Map.of(
            "stream", List.of(ABSENT, "true", "false"),
            "stream_options", List.of(ABSENT, "{\"include_usage\":true}"),
            "user", List.of(ABSENT, "\"u\"", "\"v\""),
            "safety_identifier", List.of(ABSENT, "\"s\""),
            "metadata", List.of(ABSENT, "{\"a\":\"b\"}"),
            "store", List.of(ABSENT, "true"),
            "prompt_cache_key", List.of(ABSENT, "\"p\""),
            "prompt_cache_retention", List.of(ABSENT, "\"24h\"")));

    public static Set<String> form() {
        return FORM.keySet();
    }

    /** Two requests that differ in few things or in none. */
    public record Two(Asking a, Asking b) {
        /** What they say differently, but for those. */
        public Set<String> differences(Set<String> but) {
            Set<String> all = new java.util.TreeSet<>(a.choices.keySet());
            all.removeIf(name -> but.contains(name) || a.choices.get(name).equals(b.choices.get(name)));
            return all;
        }
    }

    public static Arbitrary<Two> two() {
        return Arbitraries.randomValue(Asking::two);
    }

    private static Two two(Random random) {
        Map<String, List<String>> all = new TreeMap<>(AROUND);
        all.putAll(MEANING);
        all.putAll(FORM);
        List<String> names = List.copyOf(all.keySet());
        Map<String, String> a = new TreeMap<>();
        names.forEach(
                name -> a.put(name, random.nextInt(3) > 0 ? all.get(name).getFirst() : any(all.get(name), random)));
        Map<String, String> b = new TreeMap<>(a);
        for (int changes = random.nextInt(3); changes > 0; changes--) {
            String name = names.get(random.nextInt(names.size()));
            b.put(name, any(all.get(name), random));
        }
        return new Two(new Asking(a, random.nextLong()), new Asking(b, random.nextLong()));
    }

    private static String any(List<String> values, Random random) {
        return values.get(random.nextInt(values.size()));
    }

    /** The request, in a spelling of its own. */
    public Exchange exchange() {
        Random random = new Random(spelling);
        List<String> members = new ArrayList<>();
        members.add(member("model", '"' + choices.get("@model") + '"', random));
        MultiMap headers = MultiMap.caseInsensitiveMultiMap();
        choices.forEach((name, value) -> {
            if (value.equals(ABSENT)) {
                return;
            }
            if (!name.startsWith("@")) {
                members.add(member(name, value, random));
            } else if (name.indexOf('-') > 0) {
                headers.set(name.substring(1), value);
            }
        });
        Collections.shuffle(members, random);
        Dialect dialect = Dialect.valueOf(choices.get("@dialect"));
        Exchange exchange = new Exchange(
                "req",
                dialect,
                dialect.path(),
                Buffer.buffer("{" + String.join(space(random) + ",", members) + "}"),
                headers,
                "127.0.0.1",
                null);
        exchange.principal(
                new Principal(choices.get("@tenant"), choices.get("@key"), Set.of(), Set.of(), new LinkedHashMap<>()));
        return exchange;
    }

    private static String member(String name, String value, Random random) {
        return space(random) + '"' + name + '"' + space(random) + ':' + space(random) + value;
    }

    private static String space(Random random) {
        return " \n\t".substring(0, random.nextInt(4));
    }
}
