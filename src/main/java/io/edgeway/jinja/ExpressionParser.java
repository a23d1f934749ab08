package io.edgeway.jinja;

import static io.edgeway.jinja.TemplateException.syntax;

import io.edgeway.jinja.Token.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Parses expressions with Jinja's precedence: {@code if}, {@code or}, {@code and}, {@code not}, comparisons, sums,
 * {@code ~}, products, powers, signs, then subscripts, calls, filters and tests.
 */
final class ExpressionParser {
    private static final int MAX_DEPTH = 100;

    /** The longest chain of operators on one level. It becomes a tree as deep. */
    private static final int MAX_CHAIN = 500;

    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<String> SUMS = Set.of("+", "-");
    private static final Set<String> PRODUCTS = Set.of("*", "/", "//", "%");
    private static final Set<String> POWERS = Set.of("**");

    private final TokenStream tokens;

    /** Called with every name that is read, for macros to learn which special arguments they use. */
    private final java.util.function.Consumer<String> onName;

    private int depth;

    ExpressionParser(TokenStream tokens, java.util.function.Consumer<String> onName) {
        this.tokens = tokens;
        this.onName = onName;
    }

    Expr expression() {
        return nested(this::conditional);
    }

    /** An expression without {@code a if b else c}, as after {@code in} and {@code if}. */
    private Expr plain() {
        return nested(this::or);
    }

    private Expr nested(java.util.function.Supplier<Expr> parse) {
        if (++depth > MAX_DEPTH) {
            throw syntax(tokens.line(), "expressions nest deeper than " + MAX_DEPTH);
        }
        var expression = parse.get();
        depth--;
        return expression;
    }

    private Expr conditional() {
        var value = or();
        for (int n = 0; tokens.skipName("if"); n++) {
            chain(n);
            var test = or();
            var otherwise = tokens.skipName("else") ? nested(this::conditional) : null;
            value = new Expr.Conditional(test, value, otherwise);
        }
        return value;
    }

    private Expr or() {
        var left = and();
        for (int n = 0; tokens.skipName("or"); n++) {
            chain(n);
            left = new Expr.Logic(false, left, and());
        }
        return left;
    }

    private Expr and() {
        var left = not();
        for (int n = 0; tokens.skipName("and"); n++) {
            chain(n);
            left = new Expr.Logic(true, left, not());
        }
        return left;
    }

    private Expr not() {
        return tokens.skipName("not") ? new Expr.Not(nested(this::not)) : comparison();
    }

    private Expr comparison() {
        var first = sum();
        var operators = new ArrayList<String>();
        var operands = new ArrayList<Expr>();
        while (true) {
            if (tokens.at(Type.OPERATOR)
                    && COMPARISONS.contains(tokens.current().text())) {
                operators.add(tokens.take().text());
            } else if (tokens.skipName("in")) {
                operators.add("in");
            } else if (tokens.atName("not") && tokens.ahead().isName("in")) {
                tokens.take();
                tokens.take();
                operators.add("not in");
            } else {
                break;
            }
            operands.add(sum());
        }
        return operators.isEmpty() ? first : new Expr.Compare(first, operators, operands);
    }

    private Expr sum() {
        return arithmetic(SUMS, this::concatenation);
    }

    private Expr concatenation() {
        var first = product();
        if (!tokens.atOperator("~")) {
            return first;
        }
        var parts = new ArrayList<>(List.of(first));
        while (tokens.skipOperator("~")) {
            parts.add(product());
        }
        return new Expr.Concat(parts);
    }

    private Expr product() {
        return arithmetic(PRODUCTS, () -> arithmetic(POWERS, () -> unary(true)));
    }

    private Expr arithmetic(Set<String> operators, java.util.function.Supplier<Expr> operand) {
        var left = operand.get();
        for (int n = 0;
                tokens.at(Type.OPERATOR) && operators.contains(tokens.current().text());
                n++) {
            chain(n);
            var operator = tokens.take().text();
            left = new Expr.Arith(operator, left, operand.get());
        }
        return left;
    }

    private Expr unary(boolean filters) {
        Expr value;
        if (tokens.atOperator("-") || tokens.atOperator("+")) {
            boolean plus = tokens.take().text().equals("+");
            value = new Expr.Negate(nested(() -> unary(false)), plus);
        } else {
            value = primary();
        }
        value = postfix(value);
        return filters ? filtersAndTests(value) : value;
    }

    Expr primary() {
        var token = tokens.current();
        switch (token.type()) {
            case NAME -> {
                tokens.take();
                return switch (token.text()) {
                    case "true", "True" -> new Expr.Const(true);
                    case "false", "False" -> new Expr.Const(false);
                    case "none", "None" -> new Expr.Const(null);
                    default -> {
                        onName.accept(token.text());
                        yield new Expr.Name(token.text());
                    }
                };
            }
            case STRING -> {
                var text = new StringBuilder();
                while (tokens.at(Type.STRING)) {
                    text.append(tokens.take().text());
                }
                return new Expr.Const(text.toString());
            }
            case NUMBER -> {
                return new Expr.Const(tokens.take().number());
            }
            case OPERATOR -> {
                if (tokens.skipOperator("(")) {
                    var value = tuple(this::expression, true, false);
                    tokens.expectOperator(")");
                    return value;
                }
                if (tokens.skipOperator("[")) {
                    return new Expr.ListOf(items("]", this::expression), false);
                }
                if (tokens.skipOperator("{")) {
                    return new Expr.DictOf(items("}", this::pair));
                }
            }
            default -> {}
        }
        throw tokens.unexpected("an expression");
    }

    private Expr.Pair pair() {
        var key = expression();
        tokens.expectOperator(":");
        return new Expr.Pair(key, expression());
    }

    private <T> List<T> items(String close, java.util.function.Supplier<T> item) {
        var items = new ArrayList<T>();
        while (!tokens.atOperator(close)) {
            if (!items.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.atOperator(close)) {
                    break;
                }
            }
            items.add(item.get());
        }
        tokens.expectOperator(close);
        return items;
    }

    /** An expression, or a tuple when commas follow. */
    Expr tuple() {
        return tuple(this::expression, false, false);
    }

    /** One or more expressions between commas. */
    List<Expr> list() {
        var items = new ArrayList<>(List.of(expression()));
        while (tokens.skipOperator(",")) {
            items.add(expression());
        }
        return items;
    }

    /** What {@code if} and {@code in} take: no {@code a if b else c}, whose {@code if} would be theirs. */
    Expr tupleWithoutCondition(boolean loop) {
        return tuple(this::plain, false, loop);
    }

    private Expr tuple(java.util.function.Supplier<Expr> item, boolean parentheses, boolean loop) {
        var items = new ArrayList<Expr>();
        boolean comma = false;
        while (!atTupleEnd(loop)) {
            items.add(item.get());
            if (!tokens.skipOperator(",")) {
                break;
            }
            comma = true;
        }
        if (!comma) {
            if (!items.isEmpty()) {
                return items.getFirst();
            }
            if (!parentheses) {
                throw tokens.unexpected("an expression");
            }
        }
        return new Expr.ListOf(items, true);
    }

    private boolean atTupleEnd(boolean loop) {
        return tokens.at(Type.VARIABLE_END)
                || tokens.at(Type.BLOCK_END)
                || tokens.atOperator(")")
                || loop && tokens.atName("recursive");
    }

    Expr postfix(Expr value) {
        for (int n = 0; ; n++) {
            chain(n);
            if (tokens.atOperator(".") || tokens.atOperator("[")) {
                value = subscript(value);
            } else if (tokens.atOperator("(")) {
                value = call(value);
            } else {
                return value;
            }
        }
    }

    private Expr filtersAndTests(Expr value) {
        for (int n = 0; ; n++) {
            chain(n);
            if (tokens.skipOperator("|")) {
                value = filter(value);
            } else if (tokens.skipName("is")) {
                value = test(value);
            } else if (tokens.atOperator("(")) {
                value = call(value);
            } else {
                return value;
            }
        }
    }

    private Expr subscript(Expr target) {
        if (tokens.skipOperator(".")) {
            if (tokens.at(Type.NUMBER)) {
                return new Expr.Item(target, new Expr.Const(tokens.take().number()));
            }
            return new Expr.Attribute(
                    target, tokens.expect(Type.NAME, "a name or a number").text());
        }
        tokens.expectOperator("[");
        var value = index(target);
        if (tokens.atOperator(",")) {
            throw syntax(tokens.line(), "a subscript with several indexes is not supported");
        }
        tokens.expectOperator("]");
        return value;
    }

    private Expr index(Expr target) {
        Expr start = null;
        if (!tokens.atOperator(":")) {
            start = expression();
            if (!tokens.atOperator(":")) {
                return new Expr.Item(target, start);
            }
        }
        tokens.expectOperator(":");
        var stop = tokens.atOperator(":") || tokens.atOperator("]") ? null : expression();
        var step = tokens.skipOperator(":") && !tokens.atOperator("]") ? expression() : null;
        return new Expr.Slice(target, start, stop, step);
    }

    Expr.Call call(Expr target) {
        int line = tokens.line();
        return new Expr.Call(target, arguments(), line);
    }

    private Expr.Arguments arguments() {
        tokens.expectOperator("(");
        var positional = new ArrayList<Expr>();
        Map<String, Expr> named = new LinkedHashMap<>();
        Expr rest = null;
        Expr keywords = null;
        while (!tokens.atOperator(")")) {
            int line = tokens.line();
            if (tokens.skipOperator("*")) {
                ordered(rest == null && keywords == null, line);
                rest = expression();
            } else if (tokens.skipOperator("**")) {
                ordered(keywords == null, line);
                keywords = expression();
            } else if (tokens.at(Type.NAME) && tokens.ahead().isOperator("=")) {
                var name = tokens.take().text();
                tokens.take();
                ordered(keywords == null && !named.containsKey(name), line);
                named.put(name, expression());
            } else {
                ordered(rest == null && keywords == null && named.isEmpty(), line);
                positional.add(expression());
            }
            if (!tokens.atOperator(")")) {
                tokens.expectOperator(",");
            }
        }
        tokens.expectOperator(")");
        return positional.isEmpty() && named.isEmpty() && rest == null && keywords == null
                ? Expr.Arguments.NONE
                : new Expr.Arguments(positional, named, rest, keywords);
    }

    private static void ordered(boolean legal, int line) {
        if (!legal) {
            throw syntax(line, "arguments are out of order: positional, *rest, name=value, **keywords, each name once");
        }
    }

    /** The filters that may follow {@code set x} and {@code filter}, applied to {@code value}. */
    Expr filters(Expr value) {
        do {
            value = filter(value);
        } while (tokens.skipOperator("|"));
        return value;
    }

    private Expr filter(Expr value) {
        int line = tokens.line();
        var name = dotted();
        var filter = Filters.get(name);
        if (filter == null) {
            throw syntax(line, "the filter '" + name + "' is not supported");
        }
        var arguments = tokens.atOperator("(") ? arguments() : Expr.Arguments.NONE;
        return new Expr.Filtered(value, name, filter, arguments, line);
    }

    private Expr test(Expr value) {
        int line = tokens.line();
        boolean negated = tokens.skipName("not");
        var name = dotted();
        var test = Tests.get(name);
        if (test == null) {
            throw syntax(line, "the test 'is " + name + "' is not supported");
        }
        var arguments = Expr.Arguments.NONE;
        if (tokens.atOperator("(")) {
            arguments = arguments();
        } else if (takesOperand()) {
            if (tokens.atName("is")) {
                throw syntax(tokens.line(), "tests cannot be chained with 'is'");
            }
            arguments = new Expr.Arguments(List.of(postfix(primary())), Map.of(), null, null);
        }
        var tested = new Expr.Tested(value, test, arguments, line);
        return negated ? new Expr.Not(tested) : tested;
    }

    private boolean takesOperand() {
        return switch (tokens.current().type()) {
            case STRING, NUMBER -> true;
            case NAME -> !tokens.atName("else") && !tokens.atName("or") && !tokens.atName("and");
            case OPERATOR -> tokens.atOperator("[") || tokens.atOperator("{");
            default -> false;
        };
    }

    private String dotted() {
        var name = tokens.expect(Type.NAME, "a name").text();
        while (tokens.skipOperator(".")) {
            name += "." + tokens.expect(Type.NAME, "a name").text();
        }
        return name;
    }

    private void chain(int length) {
        if (length > MAX_CHAIN) {
            throw syntax(tokens.line(), "more than " + MAX_CHAIN + " operators in a row");
        }
    }
}
