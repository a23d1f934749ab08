package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.assembly.Gateway;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Model;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Lists the models that the caller may use: https://platform.openai.com/docs/api-reference/models */
final class ModelsDoor implements Door {
    private static final String PATH = "/v1/models";

    static boolean serves(String path) {
        return path.equals(PATH) || path.startsWith(PATH + '/');
    }

    @Override
    public void handle(HttpServerRequest request, Gateway gateway) {
        Exchange exchange = ExchangeDoor.of(request, gateway, Dialect.CHAT, Buffer.buffer(), Vertx.currentContext());
        request.response().putHeader(RequestId.HEADER, exchange.id());
        Chain chain = gateway.chain(Dialect.CHAT.path());
        (chain == null ? io.vertx.core.Future.<Void>succeededFuture() : chain.authenticate(exchange))
                .map(v -> answer(exchange, gateway))
                .onComplete(result -> {
                    gateway.exit();
                    if (result.succeeded()) {
                        Replies.json(request, 200, result.result());
                    } else {
                        Replies.error(request, Replies.explain(result.cause(), exchange));
                    }
                });
    }

    private static Map<String, Object> answer(Exchange exchange, Gateway gateway) {
        if (exchange.path().length() > PATH.length() + 1) {
            String name = URLDecoder.decode(exchange.path().substring(PATH.length() + 1), StandardCharsets.UTF_8);
            Model model = gateway.models().find(name);
            if (model == null || !exchange.principal().mayUse(name)) {
                throw ApiException.modelNotFound(name);
            }
            return describe(model);
        }
        List<Object> data = new ArrayList<>();
        for (Model model : gateway.models().all()) {
            if (exchange.principal().mayUse(model.name())) {
                data.add(describe(model));
            }
        }
        Map<String, Object> list = new LinkedHashMap<>();
        list.put("object", "list");
        list.put("data", data);
        return list;
    }

    private static Map<String, Object> describe(Model model) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", model.name());
        map.put("object", "model");
        map.put("created", model.created());
        map.put("owned_by", "edgeway-" + model.kind().name().toLowerCase(java.util.Locale.ROOT));
        return map;
    }
}
