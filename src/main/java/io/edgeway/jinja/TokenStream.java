package io.edgeway.jinja;

import static io.edgeway.jinja.TemplateException.syntax;

import io.edgeway.jinja.Token.Type;
import java.util.List;

/** The tokens of a template and the place of its parser among them. */
final class TokenStream {
    private final List<Token> tokens;
    private int next;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(next);
    }

    Token ahead() {
        return tokens.get(Math.min(next + 1, tokens.size() - 1));
    }

    int line() {
        return current().line();
    }

    boolean at(Type type) {
        return current().type() == type;
    }

    boolean atName(String name) {
        return current().isName(name);
    }

    boolean atOperator(String operator) {
        return current().isOperator(operator);
    }

    Token take() {
        var token = current();
        if (token.type() != Type.EOF) {
            next++;
        }
        return token;
    }

    boolean skipName(String name) {
        boolean found = atName(name);
        next += found ? 1 : 0;
        return found;
    }

    boolean skipOperator(String operator) {
        boolean found = atOperator(operator);
        next += found ? 1 : 0;
        return found;
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw unexpected("'" + operator + "'");
        }
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw unexpected("'" + name + "'");
        }
    }

    Token expect(Type type, String what) {
        if (!at(type)) {
            throw unexpected(what);
        }
        return take();
    }

    TemplateException unexpected(String wanted) {
        return syntax(line(), "expected " + wanted + ", found " + current().describe());
    }
}
