package io.edgeway.jinja;

import java.util.List;

/** A statement, which writes output and changes its scope. */
sealed interface Node {
    /** How a loop goes on after a statement. */
    enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    Flow exec(Scope scope, StringBuilder out);

    static Flow execAll(List<Node> body, Scope scope, StringBuilder out) {
        for (var node : body) {
            var flow = node.exec(scope, out);
            if (flow != Flow.NEXT) {
                return flow;
            }
        }
        return Flow.NEXT;
    }

    /** Renders a body aside, in a scope of its own. */
    static String capture(List<Node> body, Scope scope) {
        var out = new StringBuilder();
        execAll(body, scope, out);
        return out.toString();
    }

    record Data(String text) implements Node {
        @Override
        public Flow exec(Scope scope, StringBuilder out) {
            scope.render.print(out, text);
            return Flow.NEXT;
        }
    }

    record Print(List<Expr> values, int line) implements Node {
        @Override
        public Flow exec(Scope scope, StringBuilder out) {
            try {
                for (var value : values) {
                    scope.render.print(out, Repr.str(value.eval(scope)));
                }
            } catch (TemplateException e) {
                throw e.at(line);
            }
            return Flow.NEXT;
        }
    }

    record Branch(Expr test, List<Node> body, int line) {}

    /** {@code if}, its {@code elif}s in order, and the body of {@code else}. */
    record If(List<Branch> branches, List<Node> otherwise) implements Node {
        @Override
        public Flow exec(Scope scope, StringBuilder out) {
            for (var branch : branches) {
                boolean taken;
                try {
                    taken = Values.truth(branch.test.eval(scope));
                } catch (TemplateException e) {
                    throw e.at(branch.line);
                }
                if (taken) {
                    return execAll(branch.body, scope, out);
                }
            }
            return execAll(otherwise, scope, out);
        }
    }

    /** @param filter the condition of {@code for x in y if filter}, or null */
    record For(
            Target target,
            Expr iterable,
            Expr filter,
            boolean recursive,
            List<Node> body,
            List<Node> otherwise,
            int line)
            implements Node {
        @Override
        public Flow exec(Scope scope, StringBuilder out) {
            Object values;
            try {
                values = iterable.eval(scope);
            } catch (TemplateException e) {
                throw e.at(line);
            }
            run(scope, out, values, 0);
            return Flow.NEXT;
        }

        void run(Scope scope, StringBuilder out, Object values, int depth) {
            Loop loop;
            try {
                var iterator = Values.iterator(values);
                if (filter != null) {
                    iterator = Generator.filter(iterator, value -> {
                                var inner = scope.inner();
                                scope.render.step();
                                target.assign(inner, value);
                                return Values.truth(filter.eval(inner));
                            })
                            .iterator();
                }
                loop = new Loop(this, scope, iterator, filter == null ? Values.sizeOrUnknown(values) : -1, depth);
                boolean completed = false;
                while (loop.advance()) {
                    scope.render.step();
                    var inner = scope.inner();
                    inner.set("loop", loop);
                    target.assign(inner, loop.current());
                    var flow = execAll(body, inner, out);
                    if (flow == Flow.BREAK) {
                        break;
                    }
                    completed |= flow == Flow.NEXT;
                }
                // As in Jinja, an iteration that was left early does not count.
                if (!completed) {
                    execAll(otherwise, scope.inner(), out);
                }
            } catch (TemplateException e) {
                throw e.at(line);
            }
        }
    }

    record Set(Target target, Expr value, int line) implements Node {
        @Override
        public Flow exec(Scope scope, StringBuilder out) {
            try {
                target.assign(scope, value.eval(scope));
            } catch (TemplateException e) {
                throw e.at(line);
            }
            return Flow.NEXT;
        }
    }

    /** {@code {% set x %}...{% endset %}}; {@code filter} reads the text through {@link Captured}, or is null. */
    record SetBlock(Target target, Expr filter, List<Node> body, int line) implements Node {
        @Override
        public Flow exec(Scope scope, StringBuilder out) {
            Object text = capture(body, scope.inner());
            try {
                target.assign(scope, Captured.through(filter, text, scope));
            } catch (TemplateException e) {
                throw e.at(line);
            }
            return Flow.NEXT;
        }
    }

    record FilterBlock(Expr filter, List<Node> body, int line) implements Node {
        @Override
        public Flow exec(Scope scope, StringBuilder out) {
            var text = capture(body, scope.inner());
            try {
                scope.render.print(out, Repr.str(Captured.through(filter, text, scope)));
            } catch (TemplateException e) {
                throw e.at(line);
            }
            return Flow.NEXT;
        }
    }

    /** Hands a rendered body to the filters written behind {@code set} or {@code filter}. */
    final class Captured {
        /** A name that no template can spell. */
        static final String NAME = "<captured>";

        private Captured() {}

        static Object through(Expr filter, Object text, Scope scope) {
            if (filter == null) {
                return text;
            }
            var inner = scope.inner();
            inner.set(NAME, text);
            return filter.eval(inner);
        }
    }

    record With(List<Target> targets, List<Expr> values, List<Node> body, int line) implements Node {
        @Override
        public Flow exec(Scope scope, StringBuilder out) {
            var inner = scope.inner();
            try {
                for (int i = 0; i < targets.size(); i++) {
                    targets.get(i).assign(inner, values.get(i).eval(scope));
                }
            } catch (TemplateException e) {
                throw e.at(line);
            }
            return execAll(body, inner, out);
        }
    }

    record Define(Macro.Definition macro) implements Node {
        @Override
        public Flow exec(Scope scope, StringBuilder out) {
            scope.set(macro.name(), new Macro(macro, scope));
            return Flow.NEXT;
        }
    }

    /** {@code {% call(args) f() %}}: calls {@code f} with the body as its {@code caller}. */
    record CallBlock(Macro.Definition caller, Expr.Call call) implements Node {
        @Override
        public Flow exec(Scope scope, StringBuilder out) {
            try {
                var args = call.arguments().eval(scope);
                var named = new java.util.LinkedHashMap<>(args.named());
                named.put("caller", new Macro(caller, scope));
                var result = call.call(scope, call.target().eval(scope), new Args(args.positional(), named));
                scope.render.print(out, Repr.str(result));
            } catch (TemplateException e) {
                throw e.at(call.line());
            }
            return Flow.NEXT;
        }
    }

    /** {@code {% generation %}}, which only marks what the model wrote: a block with a scope of its own. */
    record Scoped(List<Node> body) implements Node {
        @Override
        public Flow exec(Scope scope, StringBuilder out) {
            return execAll(body, scope.inner(), out);
        }
    }

    record Jump(Flow flow) implements Node {
        @Override
        public Flow exec(Scope scope, StringBuilder out) {
            return flow;
        }
    }

    /** What can stand left of {@code =} or before {@code in}. */
    sealed interface Target {
        void assign(Scope scope, Object value);

        record Variable(String name) implements Target {
            @Override
            public void assign(Scope scope, Object value) {
                scope.set(name, value);
            }
        }

        /** An attribute of a {@code namespace()}. */
        record Member(String object, String name) implements Target {
            @Override
            public void assign(Scope scope, Object value) {
                if (!(scope.get(object) instanceof Namespace namespace)) {
                    throw TemplateException.runtime("cannot assign attribute on non-namespace object '" + object + "'");
                }
                namespace.attributes().put(name, value);
            }
        }

        record Unpacked(List<Target> targets) implements Target {
            @Override
            public void assign(Scope scope, Object value) {
                var iterator = Values.iterator(value);
                for (int i = 0; i < targets.size(); i++) {
                    if (!iterator.hasNext()) {
                        throw TemplateException.runtime(
                                "not enough values to unpack (expected " + targets.size() + ", got " + i + ")");
                    }
                    targets.get(i).assign(scope, iterator.next());
                }
                if (iterator.hasNext()) {
                    throw TemplateException.runtime("too many values to unpack (expected " + targets.size() + ")");
                }
            }
        }
    }
}
