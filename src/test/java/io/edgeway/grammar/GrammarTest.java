package io.edgeway.grammar;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GrammarTest {
    private static boolean accepts(Grammar grammar, String text) {
        return grammar.accepts(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Grammar schema(String text) {
        return Grammar.schema(Json.read(text.getBytes(StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"a\":1}",
                "{\"a\": [1, 2.5, -3e+8, \"x\", null, true, false, {}], \"b\": {\"c\": []}}",
                "{\n  \"a\": {\n    \"b\": 0\n  }\n}",
                "{\"\\u00e9\\n\\\"\\\\\\/\\ud83d\\ude00 é 😀\": \"\u2028\"}",
            })
    void jsonModeTakesAnyObject(String text) {
        assertTrue(accepts(Grammar.json(), text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "1",
                "{",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{a:1}",
                "{'a':1}",
                "{\"a\":01}",
                "{\"a\":1.}",
                "{\"a\":.5}",
                "{\"a\":+1}",
                "{\"a\":\"\n\"}",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\ud83d\"}",
                "{\"a\":\"\\ude00\"}",
                "{\"a\":tru}",
                "{\"a\":NaN}",
                "{}{}",
                "{} ",
                "{\"a\":[1,]}",
                "{\"a\":\"b}",
                "{\"a\"\n\n\n:1}",
            })
    void jsonModeTakesNothingElse(String text) {
        assertFalse(accepts(Grammar.json(), text));
    }

    @Test
    void textIsUtf8() {
        var grammar = schema("{\"type\":\"string\"}");
        for (var bytes : List.of(
                new int[] {0x80},
                new int[] {0xc0, 0x80},
                new int[] {0xc1, 0xbf},
                new int[] {0xe0, 0x80, 0x80},
                new int[] {0xed, 0xa0, 0x80},
                new int[] {0xf0, 0x80, 0x80, 0x80},
                new int[] {0xf4, 0x90, 0x80, 0x80},
                new int[] {0xf5, 0x80, 0x80, 0x80},
                new int[] {0xff},
                new int[] {0xe2, 0x82})) {
            var text = new byte[bytes.length + 2];
            text[0] = '"';
            text[text.length - 1] = '"';
            for (int i = 0; i < bytes.length; i++) {
                text[i + 1] = (byte) bytes[i];
            }
            assertFalse(grammar.accepts(text));
        }
        for (int c = 0x20; c <= Character.MAX_CODE_POINT; c += c < 0x3000 ? 1 : 97) {
            boolean plain = c != '"' && c != '\\' && (c < 0xd800 || c > 0xdfff);
            if (plain) {
                assertTrue(accepts(grammar, '"' + Character.toString(c) + '"'), Integer.toHexString(c));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":120} ~ -5 0 7 99 120 ~ -6 121 1.5 1000 -10 01",
                "{\"type\":\"integer\",\"exclusiveMinimum\":0,\"exclusiveMaximum\":10} ~ 1 9 ~ 0 10 -1 -0",
                "{\"type\":\"integer\",\"multipleOf\":7} ~ 0 7 14 -21 700 ~ 1 8 -20",
                "{\"type\":\"number\",\"minimum\":0,\"maximum\":1} ~ 0 1 0.5 0.000001 1.0 0.999 ~ 1.1 -0.1 2 1.01",
                "{\"type\":\"number\",\"minimum\":2.5} ~ 2.5 3 10 2.75 ~ 2 2.4 -3 0",
                "{\"type\":\"number\",\"multipleOf\":0.01} ~ 0.01 1.25 3 ~ 0.001 1.255",
                "{\"type\":\"integer\",\"minimum\":10000000000000000} ~ 10000000000000000 10000000000000001 ~ 1 9999999999999999",
                "{\"type\":\"integer\"} ~ 0 -1 123456 ~ 1.0 1e3 - +1",
                "{\"type\":\"number\"} ~ 0 -1.5 1e10 2E-5 ~ 1e .5 1. --1",
                "{\"enum\":[\"a\",\"ab\",1,null,true]} ~ \"a\" \"ab\" 1 null true ~ \"b\" \"abc\" 2 false \"\"",
                "{\"const\":{\"a\":[1]}} ~ {\"a\":␠[1]} ~ {} {\"a\":␠[2]}",
                "{\"type\":\"string\",\"enum\":[\"a\",1]} ~ \"a\" ~ 1",
                "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3} ~ \"ab\" \"abc\" \"é😀\" \"\\ud83d\\ude00x\" ~ \"a\" \"abcd\" \"\" \"😀\"",
                "{\"type\":\"string\",\"pattern\":\"^[a-c]+$\"} ~ \"a\" \"abc\" ~ \"\" \"d\" \"abd\" \"\\u0061\"",
                "{\"type\":\"string\",\"pattern\":\"b\"} ~ \"b\" \"abc\" \"xbé\" ~ \"\" \"ac\"",
                "{\"type\":\"string\",\"pattern\":\"^\\\\d{3}-\\\\d{2,4}$\"} ~ \"123-45\" \"123-4567\" ~ \"12-45\" \"123-4\" \"123-45678\"",
                "{\"type\":\"string\",\"pattern\":\"^(foo|ba[rz])?x*$\"} ~ \"\" \"foo\" \"barxx\" \"baz\" \"x\" ~ \"ba\" \"foobar\"",
                "{\"type\":\"string\",\"pattern\":\"^a|b$\"} ~ \"abc\" \"xb\" \"a\" ~ \"cab2\" \"\"",
                "{\"type\":\"string\",\"pattern\":\"^[^\\\"\\\\\\\\]$\"} ~ \"a\" ~ \"\\\\\" \"\\\"\"",
                "{\"type\":\"string\",\"pattern\":\"^.\\\\n$\"} ~ \"x\\n\" \"\\\"\\n\" ~ \"\\n\\n\" \"x\"",
                "{\"type\":\"string\",\"pattern\":\"^[a-z]+$\",\"maxLength\":3,\"minLength\":2} ~ \"ab\" \"abc\" ~ \"a\" \"abcd\"",
                "{\"type\":\"string\",\"pattern\":\"^(ab)*$\",\"minLength\":3,\"maxLength\":5} ~ \"abab\" ~ \"ab\" \"aba\" \"ababa\" \"ababab\"",
                "{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"minItems\":1,\"maxItems\":3} ~ [1] [1,2] [1,␠2,3] ~ [] [1,2,3,4] [\"a\"] [1,]",
                "{\"type\":\"array\",\"maxItems\":0} ~ [] ~ [1]",
                "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"string\"},{\"type\":\"integer\"}],\"items\":false,\"minItems\":1} ~ [\"a\"] [\"a\",1] ~ [] [1] [\"a\",1,2]",
                "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"null\"},\"minItems\":2,\"maxItems\":3} ~ [\"a\",null] [\"a\",null,null] ~ [\"a\"] [] [\"a\",null,null,null] [\"a\",\"b\"]",
                "{\"type\":[\"string\",\"null\"]} ~ \"x\" null ~ 1 true",
                "{\"type\":\"string\",\"nullable\":true} ~ \"x\" null ~ 1",
                "{\"anyOf\":[{\"type\":\"integer\"},{\"const\":\"auto\"}]} ~ 1 \"auto\" ~ \"aut\" null",
                "{\"type\":\"integer\",\"allOf\":[{\"minimum\":3},{\"maximum\":5}]} ~ 3 4 5 ~ 2 6",
                "{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"string\"}]} ~ 1 \"x\" ~ null",
                "true ~ 1 {} [{\"a\":null}] \"\" ~ tru",
                "{\"minimum\":5} ~ 5 6.5 ~ 4",
            })
    void valuesOfASchema(String schema, String valid, String invalid) {
        var grammar = schema(schema);
        for (var text : valid.split(" ")) {
            assertTrue(accepts(grammar, text.replace('␠', ' ')), text);
        }
        for (var text : invalid.split(" ")) {
            assertFalse(accepts(grammar, text.replace('␠', ' ')), text);
        }
    }

    @Test
    void membersComeInOrderAndOptionalOnesMayBeLeftOut() {
        var grammar = schema("""
                {"type": "object", "required": ["b"], "additionalProperties": false,
                 "properties": {"a": {"type": "integer"}, "b": {"type": "string"}, "c": {"type": "boolean"}}}
                """);
        for (var text : List.of(
                "{\"b\":\"\"}",
                "{\"a\":1,\"b\":\"x\"}",
                "{\"b\": \"x\", \"c\": true}",
                "{ \"a\": 1, \"b\": \"\", \"c\": false }")) {
            assertTrue(accepts(grammar, text), text);
        }
        for (var text : List.of(
                "{}",
                "{\"a\":1}",
                "{\"b\":\"\",\"a\":1}",
                "{\"b\":\"\",\"b\":\"\"}",
                "{\"b\":\"\",\"d\":1}",
                "{\"b\":1}",
                "{,\"b\":\"\"}")) {
            assertFalse(accepts(grammar, text), text);
        }
    }

    @Test
    void furtherMembersHaveOtherNames() {
        var grammar = schema("""
                {"type": "object", "properties": {"ab": {"type": "integer"}, "é": {"type": "null"}},
                 "additionalProperties": {"type": "string"}}
                """);
        for (var text : List.of(
                "{}",
                "{\"ab\":1,\"a\":\"\",\"abc\":\"\",\"\":\"\",\"ê\":\"\",\"日本\":\"\"}",
                "{\"x\":\"y\"}",
                "{\"é\":null,\"éé\":\"\"}")) {
            assertTrue(accepts(grammar, text), text);
        }
        for (var text : List.of(
                "{\"ab\":\"\"}",
                "{\"x\":1}",
                "{\"x\":\"\",\"ab\":1}",
                "{\"x\":\"\",\"ab\":\"\"}",
                "{\"\\u0061b\":\"\"}",
                "{\"é\":\"\"}")) {
            assertFalse(accepts(grammar, text), text);
        }
    }

    @Test
    void referencesMayRecur() {
        var grammar = schema("""
                {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "required": ["v"], "additionalProperties": false,
                  "properties": {"v": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}}}
                """);
        assertTrue(accepts(grammar, "{\"v\":1,\"next\":{\"v\":2,\"next\":{\"v\":3,\"next\":null}}}"));
        assertFalse(accepts(grammar, "{\"v\":1,\"next\":{\"next\":null}}"));
        assertTrue(accepts(schema("{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}"), "[[],[[],[]]]"));
    }

    @Test
    void allOfClosesOverBothSides() {
        var grammar = schema("""
                {"allOf": [{"$ref": "#/$defs/a"}, {"properties": {"b": {"type": "string"}}, "required": ["b"]}],
                 "$defs": {"a": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}}}
                """);
        assertTrue(accepts(grammar, "{\"a\":1,\"b\":\"x\"}"));
        assertFalse(accepts(grammar, "{\"a\":1}"));
        assertFalse(accepts(grammar, "{\"b\":\"x\"}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "{\"type\":\"array\",\"uniqueItems\":true} ~ 'uniqueItems'",
                "{\"properties\":{\"x\":{\"not\":{}}}} ~ /properties/x: the keyword 'not'",
                "{\"patternProperties\":{\"a\":{}}} ~ 'patternProperties'",
                "{\"if\":{}} ~ 'if'",
                "{\"type\":\"object\",\"minProperties\":1} ~ 'minProperties'",
                "{\"type\":\"text\"} ~ 'type' must be one of",
                "{\"$ref\":\"http://example.com/x\"} ~ another document",
                "{\"$ref\":\"#/$defs/none\"} ~ points to nothing",
                "{\"type\":\"string\",\"pattern\":\"(?=a)\"} ~ look-around",
                "{\"type\":\"string\",\"pattern\":\"(a)\\\\1\"} ~ back references",
                "{\"type\":\"string\",\"pattern\":\"a\\\\b\"} ~ \\b",
                "{\"type\":\"string\",\"pattern\":\"(a\"} ~ never closed",
                "{\"type\":\"string\",\"pattern\":\"(^a)\"} ~ anchor",
                "{\"type\":\"string\",\"pattern\":\"(a{1000}){1000}\"} ~ too large",
                "{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"number\"}]} ~ alternatives 0 and 1",
                "{\"oneOf\":[{\"type\":\"object\"},{\"type\":\"object\",\"required\":[\"a\"]}]} ~ anyOf",
                "{\"enum\":[]} ~ no value",
                "{\"const\":1,\"type\":\"string\"} ~ no value",
                "{\"type\":\"integer\",\"minimum\":5,\"maximum\":4} ~ no value",
                "{\"type\":\"integer\",\"minimum\":1,\"maximum\":6,\"multipleOf\":7} ~ no value",
                "{\"type\":\"string\",\"minLength\":5,\"maxLength\":4} ~ no value",
                "{\"type\":\"string\",\"pattern\":\"^a{3}$\",\"maxLength\":2} ~ no value",
                "{\"type\":\"array\",\"minItems\":1,\"items\":false} ~ no value",
                "{\"required\":[\"a\"],\"properties\":{},\"additionalProperties\":false} ~ no value",
                "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"required\":[\"a\"],\"properties\":{\"a\":{\"$ref\":\"#/$defs/a\"}}}}} ~ no value",
                "{\"$ref\":\"#\"} ~ no value",
                "{\"allOf\":[{\"$ref\":\"#\"}]} ~ without end",
                "false ~ no value",
                "7 ~ must be an object or a boolean",
                "{\"minLength\":-1} ~ non-negative",
                "{\"type\":\"integer\",\"multipleOf\":0} ~ positive",
            })
    void whatCannotBeHeldIsRefusedByName(String schema, String message) {
        var failure = assertThrows(GrammarException.class, () -> schema(schema));
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
    }

    @Test
    void hostileSchemasAreRefusedSoon() {
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            for (int levels : List.of(12, 25, 40, 3000)) {
                // Each definition refers to the one before it twice, which doubles with each level.
                for (var both : List.of(
                        "{\"allOf\":[REF,REF]}",
                        "{\"type\":\"object\",\"properties\":{\"a\":REF,\"b\":REF},\"required\":[\"a\",\"b\"]}",
                        "{\"oneOf\":[REF,REF]}",
                        "{\"minLength\":1,\"anyOf\":[REF,REF]}")) {
                    var schema = new StringBuilder("{\"$defs\":{\"d0\":{\"type\":\"string\"}");
                    for (int i = 1; i <= levels; i++) {
                        schema.append(",\"d" + i + "\":")
                                .append(both.replace("REF", "{\"$ref\":\"#/$defs/d" + (i - 1) + "\"}"));
                    }
                    refusedOrCompiled(schema.append("},\"$ref\":\"#/$defs/d" + levels + "\"}")
                            .toString());
                }
            }
            refusedOrCompiled("{\"enum\":[\"" + "a".repeat(100_000) + "\",\"" + "a".repeat(99_999) + "b\"]}");
            refusedOrCompiled("{\"properties\":{\"" + "a".repeat(4_000) + "\":{}},\"additionalProperties\":true}");
            refusedOrCompiled("{\"type\":\"string\",\"pattern\":\"" + "(".repeat(50_000) + "\"}");
            refusedOrCompiled("{\"type\":\"string\",\"pattern\":\"" + "(a*)*".repeat(300) + "\"}");
            refusedOrCompiled("{\"anyOf\":[{\"$ref\":\"#\"},{\"type\":\"string\"}]}");
        });
    }

    private static void refusedOrCompiled(String schema) {
        try {
            accepts(schema(schema), "\"aaa");
        } catch (GrammarException e) {
            assertFalse(e.getMessage().isEmpty());
        }
    }

    @Test
    void aToolCallIsAFrameAroundItsArguments() {
        var grammar = Grammar.sequence(List.of(
                Grammar.text("<tool_call>\n{\"name\": "),
                Grammar.choice(List.of(
                        Grammar.sequence(List.of(
                                Grammar.text("\"add\", \"arguments\": "),
                                schema("{\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"]}"))),
                        Grammar.sequence(List.of(Grammar.text("\"now\", \"arguments\": "), Grammar.json())))),
                Grammar.text("}\n</tool_call>")));
        assertTrue(accepts(grammar, "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1}}\n</tool_call>"));
        assertTrue(accepts(grammar, "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>"));
        assertFalse(accepts(grammar, "<tool_call>\n{\"name\": \"add\", \"arguments\": {}}\n</tool_call>"));
    }

    @Test
    void theMaskIsExactlyWhatTheGrammarAllows() {
        var constraints = new Constraints(
                schema("{\"properties\":{\"name\":{\"type\":\"string\",\"maxLength\":400}},\"required\":[\"name\"]}"),
                Writer.TRIE);
        var reply = constraints.begin();
        assertTrue(reply.allows(token("{\"")));
        assertTrue(reply.allows(token("{")));
        assertFalse(reply.allows(token("[")));
        assertFalse(reply.allows(token("{}")));
        assertFalse(reply.allows(0));
        for (var text : List.of("{\"", "name", "\": ", "\"")) {
            reply.accept(token(text));
        }
        for (int i = 0; i < 399; i++) {
            assertTrue(reply.allows(token("a")), "after " + i);
            assertTrue(reply.allows(token("ab")), "after " + i);
            reply.accept(token("a"));
        }
        assertFalse(reply.allows(token("ab")));
        reply.accept(token("é"));
        assertFalse(reply.allows(token("a")));
        assertTrue(reply.allows(token("\"}")));
        assertFalse(reply.complete());
        reply.accept(token("\"}"));
        assertTrue(reply.complete());
        assertTrue(reply.finished());
        assertTrue(reply.allows(0));
        assertFalse(reply.allows(token("a")));
    }

    @Test
    void everyReplyOfJsonModeIsJson() {
        var constraints = new Constraints(Grammar.json(), Writer.TRIE);
        int whole = 0;
        for (int seed = 0; seed < 300; seed++) {
            var text = Writer.write(constraints, seed);
            if (text != null) {
                assertTrue(Schemas.isJson(text), () -> new String(text, StandardCharsets.UTF_8));
                whole++;
            }
        }
        assertTrue(whole > 250, "only " + whole + " came to an end");
    }

    private static int token(String text) {
        for (int id = 1; id < 400; id++) {
            if (new String(Writer.TRIE.bytes(id), StandardCharsets.UTF_8).equals(text)) {
                return id;
            }
        }
        throw new AssertionError("no token " + text);
    }
}
