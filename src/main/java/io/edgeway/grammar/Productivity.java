package io.edgeway.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** Finds the nodes from which some text leads to the end of their rule, so that the others are never entered. */
final class Productivity {
    private Productivity() {}

    static void mark(Rule root) {
        var nodes = reachable(root);
        boolean changed = true;
        while (changed) {
            changed = false;
            for (var node : nodes.reversed()) {
                if (!node.productive && isProductive(node)) {
                    node.productive = true;
                    changed = true;
                }
            }
        }
    }

    private static boolean isProductive(Node node) {
        return switch (node) {
            case Node.Bytes bytes -> bytes.to.productive;
            case Node.Split split -> split.ways.stream().anyMatch(way -> way.productive);
            case Node.Call call -> call.rule.start.productive && call.then.productive;
            case Node.Loop loop -> loop.then.productive && (loop.min == 0 || loop.body.start.productive);
            case Node.Number number -> number.then.productive && number.range.mayBegin("");
            case Node.Return r -> true;
        };
    }

    private static List<Node> reachable(Rule root) {
        Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        var order = new ArrayList<Node>();
        var open = new ArrayDeque<Node>();
        open.push(root.start);
        while (!open.isEmpty()) {
            var node = open.pop();
            if (!seen.add(node)) {
                continue;
            }
            order.add(node);
            switch (node) {
                case Node.Bytes bytes -> open.push(bytes.to);
                case Node.Split split -> split.ways.forEach(open::push);
                case Node.Call call -> {
                    open.push(call.then);
                    open.push(call.rule.start);
                }
                case Node.Loop loop -> {
                    open.push(loop.then);
                    open.push(loop.body.start);
                }
                case Node.Number number -> open.push(number.then);
                case Node.Return r -> {}
            }
        }
        return order;
    }
}
