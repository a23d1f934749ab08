package io.edgeway.plugin.router;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/** The rules of the configuration. The first that matches leaves only the models that it names. */
final class HardRules {
    /**
     * Text of one message that a pattern is looked for in. RE2 takes time in proportion to it, so that no message can
     * hold up the event loop by backtracking.
     */
    private static final int MAX_CHARACTERS = 64 << 10;

    /** What a rule may use beside a model's name. */
    private static final Set<String> KINDS = Set.of("local", "cloud", "cheapest");

    private record Rule(
            String name,
            Set<String> has,
            Pattern match,
            Set<String> languages,
            int minTokens,
            int maxTokens,
            Set<String> tenants,
            String use) {}

    private final List<Rule> rules;

    private HardRules(List<Rule> rules) {
        this.rules = rules;
    }

    /** @param known throws for an option and the name of a model that the configuration has not */
    static HardRules of(List<RouterConfig.RuleConfig> configured, BiConsumer<String, String> known) {
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < configured.size(); i++) {
            RouterConfig.RuleConfig rule = configured.get(i);
            String path = "rules[" + i + "].";
            Set<String> has = Set.copyOf(rule.has().orElse(List.of()));
            if (!Ask.FEATURES.containsAll(has)) {
                throw new IllegalArgumentException(path + "has: expected some of "
                        + Ask.FEATURES.stream().sorted().toList());
            }
            if (!rule.name().matches("[\\w.-]{1,64}")) {
                throw new IllegalArgumentException(path + "name: expected letters, digits, '-', '_' and '.'");
            }
            Pattern match;
            try {
                match = rule.match().map(Pattern::compile).orElse(null);
            } catch (PatternSyntaxException e) {
                throw new IllegalArgumentException(path + "match: " + e.getMessage());
            }
            if (!KINDS.contains(rule.use())) {
                known.accept(path + "use", rule.use());
            }
            rules.add(new Rule(
                    rule.name(),
                    has,
                    match,
                    Set.copyOf(rule.language().orElse(List.of())),
                    rule.minTokens().orElse(0),
                    rule.maxTokens().orElse(Integer.MAX_VALUE),
                    Set.copyOf(rule.tenants().orElse(List.of())),
                    rule.use()));
        }
        return new HardRules(List.copyOf(rules));
    }

    void apply(Selection selection) {
        for (Rule rule : rules) {
            if (matches(rule, selection.exchange())) {
                selection.keep(which(rule, selection), Reason.of(Reason.Kind.RULE, "name=" + rule.name));
                selection.because(Reason.of(Reason.Kind.RULE, "name=" + rule.name));
                if (selection.models().isEmpty()) {
                    throw ApiException.badRequest(
                            "model",
                            "no_model_allowed",
                            "The rule '" + rule.name + "' of this gateway leaves only '" + rule.use
                                    + "' for this request, and '"
                                    + ApiException.abbreviate(
                                            selection.exchange().model())
                                    + "' offers no such model.");
                }
                return;
            }
        }
    }

    private static Predicate<Model> which(Rule rule, Selection selection) {
        return switch (rule.use) {
            case "local" -> model -> model.kind() == Model.Kind.LOCAL;
            case "cloud" -> model -> model.kind() == Model.Kind.CLOUD;
            case "cheapest" -> {
                Model cheapest = selection.models().stream()
                        .filter(model -> Capability.fits(model, Ask.promptTokens(selection.exchange())))
                        .min(HealthAndMoney.cheapest(selection.exchange()))
                        .orElse(null);
                yield model -> model == cheapest;
            }
            default -> model -> model.name().equals(rule.use);
        };
    }

    private static boolean matches(Rule rule, Exchange exchange) {
        if (!rule.tenants.isEmpty()
                && !rule.tenants.contains(exchange.principal().tenant())) {
            return false;
        }
        if (!rule.has.isEmpty() && rule.has.stream().noneMatch(feature -> Ask.has(exchange, feature))) {
            return false;
        }
        if (rule.minTokens > 0 || rule.maxTokens < Integer.MAX_VALUE) {
            int tokens = Ask.promptTokens(exchange);
            if (tokens < rule.minTokens || tokens > rule.maxTokens) {
                return false;
            }
        }
        if (!rule.languages.isEmpty() && !rule.languages.contains(Language.of(Ask.lastUserText(exchange)))) {
            return false;
        }
        return rule.match == null || holds(rule.match, exchange);
    }

    private static boolean holds(Pattern pattern, Exchange exchange) {
        for (String text : Ask.texts(exchange)) {
            String part = text.length() > MAX_CHARACTERS ? text.substring(0, MAX_CHARACTERS) : text;
            if (pattern.matcher(part).find()) {
                return true;
            }
        }
        return false;
    }
}
