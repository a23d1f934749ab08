package io.edgeway.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {
    private static final Limits SMALL = new Limits(10_000, 100_000, 50);

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "a\\n{% include 'x' %} ~ 2 ~ {% include %}",
                "{% extends 'x' %} ~ 1 ~ {% extends %}",
                "{% block x %}{% endblock %} ~ 1 ~ {% block %}",
                "{% do x %} ~ 1 ~ {% do %}",
                "\\n\\n{{ x | pprint }} ~ 3 ~ 'pprint'",
                "{{ x | nonesuch }} ~ 1 ~ 'nonesuch'",
                "{{ a }}\\n{% if x is nonesuch %}{% endif %} ~ 2 ~ 'is nonesuch'",
                "\\n{% frobnicate %} ~ 2 ~ {% frobnicate %}",
                "{{ a }}\\n{% for x in y %}\\n{{ x }} ~ 2 ~ {% for %} is never closed",
                "{% if x %}\\n{% endfor %} ~ 2 ~ {% endfor %}",
                "{{ x[1, 2] }} ~ 1 ~ several indexes",
                "\\n{{ 'abc }} ~ 2 ~ string is never closed",
                "a\\n\\n{# comment ~ 3 ~ comment",
                "{{ a ? b }} ~ 1 ~ '?'",
                "{% set x = %} ~ 1 ~ expected an expression, found '%}'",
            })
    void whatIsNotSupportedFailsAtLoadNamingLineAndConstruct(String source, int line, String named) {
        var text = source.replace("\\n", "\n");
        var failure = assertThrows(TemplateException.class, () -> Template.parse(text));
        assertEquals(TemplateException.Kind.SYNTAX, failure.kind());
        assertEquals(line, failure.line(), failure.getMessage());
        assertTrue(failure.getMessage().startsWith("line " + line + ": "), failure.getMessage());
        assertTrue(failure.getMessage().contains(named), failure.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{% macro m() %}{% for x in range(9) %}{{ m() }}{% endfor %}{% endmacro %}{{ m() }}",
                "{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
                "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
                "{% for a in range(9999) %}{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxx' }}{% endfor %}",
                "{% set ns = namespace(s='x') %}{% for a in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
                "{% set ns = namespace(s='x') %}{% for a in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
                "{% set ns = namespace(s=[1]) %}{% for a in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
                "{% set ns = namespace(s=[1]) %}{% for a in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
                "{% set ns = namespace(s=[1]) %}{% for a in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson }}",
                "{{ 'x' * 99999999 }}",
                "{{ [1] * 99999999999 }}",
                "{{ 10 ** 99999 }}",
                "{% set ns = namespace(n=10) %}{% for a in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
                "{{ 'x'.center(999999999) }}",
                "{{ '%999999d' % 1 }}",
                "{{ '%99999999999d' % 1 }}",
                "{{ '{:999999}'.format(1) }}",
                "{{ 'x' | indent(999999999) }}",
                "{{ ('x' * 5000) | replace('x', 'xxxxxxxx') }}",
                "{{ ('x' * 5000) | replace('', 'xxxxxxxx') }}",
                "{{ (['xxxxxxxxxxxxxxxxxxxxxxxxxxx'] * 500) | join('y' * 50) }}",
                "{{ [[1]] | tojson(indent=999999) }}",
                "{{ range(9999999999) }}",
                "{{ '\t\t\t\t'.expandtabs(999999999) }}",
                "{{ 'x'.zfill(999999999) }}",
                "{{ [1] | batch(999999999, 1) | list }}",
            })
    void hostileTemplatesReachALimit(String source) {
        var template = Template.parse(source);
        var failure = assertThrows(
                TemplateException.class, () -> template.render(Map.of(), SMALL, Clock.systemUTC()), source);
        assertEquals(TemplateException.Kind.LIMIT, failure.kind(), failure.getMessage());
        assertEquals(1, failure.line());
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "[", "not ", "-", "{'a':", "a if b else ", "a[", "f(", "a if ", "x is in ["})
    void deepNestingIsRefusedAtLoad(String opening) {
        assertThrows(TemplateException.class, () -> Template.parse("{{ " + opening.repeat(100_000)));
    }

    @ParameterizedTest
    @ValueSource(strings = {" + 1", " ~ 1", "|upper", " and 1", ".x", " is defined", " if 1 else 2", "[0]", " < 1"})
    void longChainsAreRefusedOrRendered(String link) {
        try {
            Template.parse("{{ 1" + link.repeat(50_000) + " }}").render(Map.of());
        } catch (TemplateException e) {
            assertEquals(1, e.line(), e.getMessage());
        }
    }

    @Test
    void deeplyNestedBlocksAreRefusedAtLoad() {
        var failure = assertThrows(TemplateException.class, () -> Template.parse("{% if 1 %}".repeat(10_000)));
        assertTrue(failure.getMessage().contains("nest"), failure.getMessage());
    }

    @Test
    void deepMacroRecursionFitsASmallStack() throws InterruptedException {
        var source = "{% macro m(n) %}" + "{% if 1 %}".repeat(50) + "{% if n %}{{ m(n - 1) }}{% endif %}"
                + "{% endif %}".repeat(50) + "{% endmacro %}{{ m(1000) }}";
        var template = Template.parse(source);
        var failure = new TemplateException[1];
        var thread = new Thread(
                null,
                () -> failure[0] = assertThrows(TemplateException.class, () -> template.render(Map.of())),
                "small",
                256 << 10);
        thread.start();
        thread.join();
        assertEquals(TemplateException.Kind.LIMIT, failure[0].kind());
    }

    @Test
    void theMessageOfRaiseExceptionIsKept() {
        var template = Template.parse("\n\n{% if true %}{{ raise_exception('System role not supported') }}{% endif %}");
        var failure = assertThrows(TemplateException.class, () -> template.render(Map.of()));
        assertEquals(TemplateException.Kind.RAISED, failure.kind());
        assertEquals("System role not supported", failure.detail());
        assertEquals(3, failure.line());
    }

    @Test
    void runtimeFailuresNameTheirLine() {
        var template = Template.parse("{% macro m(x) %}\n{{ x.y.z }}\n{% endmacro %}\n\n{{ m({}) }}");
        var failure = assertThrows(TemplateException.class, () -> template.render(Map.of()));
        assertEquals(TemplateException.Kind.RUNTIME, failure.kind());
        assertEquals("line 2: 'dict' object has no attribute 'y'", failure.getMessage());
    }

    @Test
    void valuesOfTheContextAreNeverChanged() {
        var list = List.of(1, 2);
        var template = Template.parse(
                "{% set m = x %}{% set ns = namespace(x=x) %}{% set ns.x = ns.x + [3] %}{{ ns.x }}{{ x }}");
        assertEquals("[1, 2, 3][1, 2]", template.render(Map.of("x", list)));
        for (var method : List.of("x.append(1)", "x.clear()", "m.update({})", "m.pop('a')", "m.setdefault('b', 1)")) {
            assertThrows(TemplateException.class, () -> Template.parse("{{ " + method + " }}")
                    .render(Map.of("x", list, "m", Map.of("a", 1))));
        }
    }

    @Test
    void jsonIsReadByTemplatesThatGetArgumentsAsText() {
        var template = Template.parse("{% for k, v in (x | from_json).items() %}{{ k }}={{ v | tojson }};{% endfor %}");
        assertEquals("a=1;b=[\"é\", null];", template.render(Map.of("x", "{\"a\": 1, \"b\": [\"é\", null]}")));
        var failure = assertThrows(TemplateException.class, () -> template.render(Map.of("x", "{'a': 1}")));
        assertTrue(failure.getMessage().contains("line 1: from_json: "), failure.getMessage());
    }

    @Test
    void everyIntegerTypeIsAnInteger() {
        var context = new HashMap<String, Object>();
        context.put("a", 1);
        context.put("b", 1L);
        context.put("c", Map.of("1", 2));
        context.put("d", null);
        var template =
                Template.parse("{{ a == b }} {{ a + b }} {{ c }} {{ {1: 'x'}[a] }} {{ d is none }} {{ none in c }}");
        assertEquals("True 2 {'1': 2} x True False", template.render(context));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ 6.6٥ }}", "{{ 0x٥ }}", "{{ 1_٥ }}", "{{ '{1a}'.format(1) }}", "{{ '{:٣٣٣}'.format('x') }}",
                "{{ '%٣d' % 1 }}", "{{ 'e' | filesizeformat }}", "{{ '1e' | float }}", "{{ '--1' | int }}",
                        "{{ '\\x' }}",
                "{{ '\\N{no}' }}", "{{ x.99999999999999999999 }}", "{{ [1][99999999999999999999] }}",
                        "{{ 1 | round(-999999) }}",
            })
    void oddNumbersNeverEscapeAsAnotherException(String source) {
        try {
            Template.parse(source).render(Map.of());
        } catch (TemplateException e) {
            assertEquals(1, e.line(), e.getMessage());
        }
    }

    @Test
    void javaObjectsAreOutOfReach() {
        for (var path : List.of(
                "x.class", "x.getClass()", "x['class']", "''.__class__", "x.__class__.mro()", "x|attr('getClass')")) {
            var source = "{{ " + path + " }}";
            try {
                assertEquals("", Template.parse(source).render(Map.of("x", "text")), path);
            } catch (TemplateException e) {
                assertEquals(TemplateException.Kind.RUNTIME, e.kind(), path);
            }
        }
    }
}
