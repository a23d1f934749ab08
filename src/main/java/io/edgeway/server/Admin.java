package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.assembly.Gateway;
import io.edgeway.assembly.Gateways;
import io.edgeway.config.ConfigException;
import io.edgeway.config.ConfigProblem;
import io.edgeway.json.Json;
import io.edgeway.pipeline.AdminEndpoint;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jboss.logging.Logger;

/** What an operator does: look at the configuration, reload it, and reach the plugins' own endpoints. */
final class Admin {
    private static final Logger LOG = Logger.getLogger(Admin.class);
    private static final String PLUGINS = "/admin/plugins/";
    private static final long MAX_BODY = 1 << 20;

    private final Gateways gateways;

    Admin(Gateways gateways) {
        this.gateways = gateways;
    }

    void mount(Router router) {
        router.post("/admin/reload").handler(this::reload);
        router.get("/admin/config").handler(this::config);
        router.get("/admin/plugins").handler(this::plugins);
        router.route(PLUGINS + "*").handler(this::plugin);
    }

    private void reload(RoutingContext context) {
        HttpServerRequest request = context.request();
        gateways.node()
                .vertx()
                .executeBlocking(gateways::reload)
                .compose(reloading -> reloading)
                .onSuccess(gateway -> Replies.json(
                        request,
                        200,
                        Json.object("status", "live", "config", gateway.config().name())))
                .onFailure(failure -> {
                    if (failure instanceof ConfigException bad) {
                        LOG.warnf("The configuration was refused, the old one stays:\n%s", bad.getMessage());
                        Replies.json(request, 422, refused(bad));
                    } else {
                        LOG.error("The new gateway did not start, the old one stays", failure);
                        Replies.json(
                                request, 500, Map.of("error", Map.of("message", String.valueOf(failure.getMessage()))));
                    }
                });
    }

    private static Map<String, Object> refused(ConfigException bad) {
        List<Object> problems = bad.problems().stream().map(Admin::problem).toList();
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("message", "The configuration was refused; the old one stays.");
        error.put("type", "invalid_configuration");
        error.put("file", bad.file());
        error.put("problems", problems);
        return Map.of("error", error);
    }

    private static Object problem(ConfigProblem problem) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("line", problem.line());
        map.put("path", problem.path());
        map.put("message", problem.message());
        return map;
    }

    private void config(RoutingContext context) {
        Gateway gateway = gateways.current();
        if (gateway == null) {
            Replies.error(context.request(), ApiException.unavailable("starting", "No gateway is live yet.", 1000));
            return;
        }
        Replies.json(
                context.request(),
                200,
                Map.of(
                        "config",
                        gateway.config().name(),
                        "effective",
                        gateway.config().effective()));
    }

    private void plugins(RoutingContext context) {
        Gateway gateway = gateways.current();
        Map<String, Object> plugins = new TreeMap<>();
        if (gateway != null) {
            gateway.config().pluginTypes().forEach((name, type) -> {
                Map<String, Object> told = new LinkedHashMap<>();
                told.put("type", type);
                AdminEndpoint endpoint = gateway.admin(name);
                if (endpoint != null) {
                    told.putAll(endpoint.summary());
                }
                plugins.put(name, told);
            });
        }
        Replies.json(context.request(), 200, Map.of("plugins", plugins));
    }

    private void plugin(RoutingContext context) {
        HttpServerRequest request = context.request();
        String rest = request.path().substring(PLUGINS.length());
        int slash = rest.indexOf('/');
        String name = slash < 0 ? rest : rest.substring(0, slash);
        Gateway gateway = gateways.current();
        AdminEndpoint endpoint = gateway == null ? null : gateway.admin(name);
        if (endpoint == null) {
            Replies.error(
                    request,
                    ApiException.notFound(null, "unknown_plugin", "No plugin '" + name + "' has an endpoint."));
            return;
        }
        BodyReader.read(request, MAX_BODY)
                .compose(body -> {
                    try {
                        return endpoint.handle(
                                request.method().name(),
                                slash < 0 ? "" : rest.substring(slash + 1),
                                request.params(),
                                body);
                    } catch (RuntimeException e) {
                        return Future.failedFuture(e);
                    }
                })
                .onSuccess(value -> Replies.json(request, 200, value))
                .onFailure(failure -> {
                    if (failure instanceof ApiException error) {
                        Replies.error(request, error);
                    } else {
                        LOG.errorf(failure, "The endpoint of plugin %s failed", name);
                        Replies.error(request, ApiException.internal());
                    }
                });
    }
}
