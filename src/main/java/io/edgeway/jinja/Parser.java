package io.edgeway.jinja;

import static io.edgeway.jinja.TemplateException.syntax;

import io.edgeway.jinja.Node.Target;
import io.edgeway.jinja.Token.Type;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Parses a template into statements. */
final class Parser {
    private static final int MAX_DEPTH = 100;

    /** Tags of Jinja that need other templates or extensions which chat templates do not have. */
    private static final Set<String> UNSUPPORTED =
            Set.of("include", "import", "from", "extends", "block", "autoescape", "do", "trans", "debug");

    private final TokenStream tokens;
    private final ExpressionParser expressions;

    /** The names read so far in the body of each open macro. */
    private final List<Set<String>> namesOfMacros = new ArrayList<>();

    private int depth;
    private int loops;

    private Parser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens, name -> namesOfMacros.forEach(names -> names.add(name)));
    }

    static List<Node> parse(String source) {
        var parser = new Parser(new TokenStream(Lexer.tokenize(source)));
        return parser.body("the template", parser.tokens.line());
    }

    /** Statements up to one of the end tags, whose name is left to be taken, or to the end of the template. */
    private List<Node> body(String opener, int line, String... ends) {
        if (++depth > MAX_DEPTH) {
            throw syntax(tokens.line(), "blocks nest deeper than " + MAX_DEPTH);
        }
        var nodes = new ArrayList<Node>();
        while (true) {
            switch (tokens.current().type()) {
                case DATA -> nodes.add(new Node.Data(tokens.take().text()));
                case VARIABLE_BEGIN -> {
                    int at = tokens.take().line();
                    nodes.add(new Node.Print(List.of(expressions.tuple()), at));
                    tokens.expect(Type.VARIABLE_END, "'}}'");
                }
                case BLOCK_BEGIN -> {
                    tokens.take();
                    for (var end : ends) {
                        if (tokens.atName(end)) {
                            depth--;
                            return nodes;
                        }
                    }
                    nodes.add(statement());
                    tokens.expect(Type.BLOCK_END, "'%}'");
                }
                default -> {
                    if (ends.length > 0) {
                        throw syntax(
                                line, "{% " + opener + " %} is never closed by {% " + ends[ends.length - 1] + " %}");
                    }
                    depth--;
                    return nodes;
                }
            }
        }
    }

    /** The rest of an opening tag, a body and its end tag. */
    private List<Node> block(String opener, int line, String end) {
        endOfTag();
        var body = body(opener, line, end);
        tokens.take();
        return body;
    }

    private void endOfTag() {
        tokens.skipOperator(":");
        tokens.expect(Type.BLOCK_END, "'%}'");
    }

    private Node statement() {
        int line = tokens.line();
        var tag = tokens.expect(Type.NAME, "the name of a tag").text();
        return switch (tag) {
            case "if" -> ifBlock(line);
            case "for" -> forBlock(line);
            case "set" -> set(line);
            case "macro" -> macro(line);
            case "call" -> callBlock(line);
            case "filter" -> filterBlock(line);
            case "with" -> with(line);
            case "print" -> new Node.Print(expressions.list(), line);
            case "generation" -> new Node.Scoped(outsideLoops(() -> block("generation", line, "endgeneration")));
            case "break" -> jump(Node.Flow.BREAK, tag, line);
            case "continue" -> jump(Node.Flow.CONTINUE, tag, line);
            default -> {
                if (UNSUPPORTED.contains(tag)) {
                    throw syntax(line, "{% " + tag + " %} is not supported: a chat template stands alone");
                }
                throw syntax(
                        line,
                        tag.startsWith("end") || tag.equals("else") || tag.equals("elif")
                                ? "{% " + tag + " %} closes nothing that is open"
                                : "unknown tag {% " + tag + " %}");
            }
        };
    }

    private Node jump(Node.Flow flow, String tag, int line) {
        if (loops == 0) {
            throw syntax(line, "{% " + tag + " %} stands outside a loop");
        }
        return new Node.Jump(flow);
    }

    /** Parses a body that runs as a function of its own, where an outer loop cannot be left. */
    private <T> T outsideLoops(java.util.function.Supplier<T> parse) {
        int outer = loops;
        loops = 0;
        var result = parse.get();
        loops = outer;
        return result;
    }

    private Node ifBlock(int line) {
        var branches = new ArrayList<Node.Branch>();
        List<Node> otherwise = List.of();
        int at = line;
        while (true) {
            var test = expressions.tupleWithoutCondition(false);
            endOfTag();
            branches.add(new Node.Branch(test, body("if", line, "elif", "else", "endif"), at));
            at = tokens.line();
            var end = tokens.take().text();
            if (end.equals("elif")) {
                continue;
            }
            if (end.equals("else")) {
                otherwise = block("if", line, "endif");
            }
            return new Node.If(branches, otherwise);
        }
    }

    private Node forBlock(int line) {
        var target = target(false);
        tokens.expectName("in");
        var iterable = expressions.tupleWithoutCondition(true);
        var filter = tokens.skipName("if") ? expressions.expression() : null;
        boolean recursive = tokens.skipName("recursive");
        endOfTag();
        loops++;
        var body = body("for", line, "else", "endfor");
        loops--;
        List<Node> otherwise = List.of();
        if (tokens.take().text().equals("else")) {
            otherwise = block("for", line, "endfor");
        }
        return new Node.For(target, iterable, filter, recursive, body, otherwise, line);
    }

    private Node set(int line) {
        var target = target(true);
        if (tokens.skipOperator("=")) {
            return new Node.Set(target, expressions.tuple(), line);
        }
        var filter = tokens.skipOperator("|") ? expressions.filters(captured()) : null;
        return new Node.SetBlock(target, filter, outsideLoops(() -> block("set", line, "endset")), line);
    }

    private Node filterBlock(int line) {
        var filter = expressions.filters(captured());
        return new Node.FilterBlock(filter, outsideLoops(() -> block("filter", line, "endfilter")), line);
    }

    private static Expr captured() {
        return new Expr.Name(Node.Captured.NAME);
    }

    private Node with(int line) {
        var targets = new ArrayList<Target>();
        var values = new ArrayList<Expr>();
        while (!tokens.at(Type.BLOCK_END)) {
            if (!targets.isEmpty()) {
                tokens.expectOperator(",");
            }
            targets.add(single(false));
            tokens.expectOperator("=");
            values.add(expressions.expression());
        }
        return new Node.With(targets, values, block("with", line, "endwith"), line);
    }

    private Node macro(int line) {
        var name = tokens.expect(Type.NAME, "the name of the macro").text();
        return new Node.Define(definition(name, line, "macro"));
    }

    private Node callBlock(int line) {
        var signature = tokens.atOperator("(") ? signature() : new Signature(List.of(), List.of());
        if (!(expressions.expression() instanceof Expr.Call call)) {
            throw syntax(line, "{% call %} needs a call such as {% call name() %}");
        }
        return new Node.CallBlock(function("caller", signature, line, "call"), call);
    }

    private Macro.Definition definition(String name, int line, String tag) {
        return function(name, signature(), line, tag);
    }

    private Macro.Definition function(String name, Signature signature, int line, String tag) {
        var names = new HashSet<String>();
        namesOfMacros.add(names);
        var body = outsideLoops(() -> block(tag, line, "end" + tag));
        namesOfMacros.removeLast();
        names.retainAll(Set.of("caller", "varargs", "kwargs"));
        return new Macro.Definition(name, signature.parameters, signature.defaults, names, body);
    }

    private record Signature(List<String> parameters, List<Expr> defaults) {}

    private Signature signature() {
        tokens.expectOperator("(");
        var parameters = new ArrayList<String>();
        var defaults = new ArrayList<Expr>();
        while (!tokens.atOperator(")")) {
            if (!parameters.isEmpty()) {
                tokens.expectOperator(",");
            }
            parameters.add(tokens.expect(Type.NAME, "the name of a parameter").text());
            if (tokens.skipOperator("=")) {
                defaults.add(expressions.expression());
            } else if (!defaults.isEmpty()) {
                throw syntax(tokens.line(), "a parameter without a default follows one with a default");
            }
        }
        tokens.expectOperator(")");
        return new Signature(parameters, defaults);
    }

    /** What is assigned to: a name, several, or with {@code members} an attribute of a namespace. */
    private Target target(boolean members) {
        var targets = new ArrayList<>(List.of(single(members)));
        boolean several = false;
        while (tokens.skipOperator(",")) {
            several = true;
            if (!tokens.at(Type.NAME) && !tokens.atOperator("(") || tokens.atName("in")) {
                break;
            }
            targets.add(single(members));
        }
        return several ? new Target.Unpacked(targets) : targets.getFirst();
    }

    private Target single(boolean members) {
        if (tokens.skipOperator("(")) {
            var target = target(members);
            tokens.expectOperator(")");
            return target;
        }
        var token = tokens.expect(Type.NAME, "the name of a variable");
        switch (token.text()) {
            case "true", "false", "none", "True", "False", "None" ->
                throw syntax(token.line(), "cannot assign to '" + token.text() + "'");
            default -> {}
        }
        if (members && tokens.skipOperator(".")) {
            return new Target.Member(
                    token.text(), tokens.expect(Type.NAME, "an attribute").text());
        }
        return new Target.Variable(token.text());
    }
}
