package io.edgeway.plugin.wasm;

import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.ChainHarness;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A chain of one module, between a request and an answer that are always the same. */
abstract class ModuleFixture {
    static final String BODY = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    static final Next ANSWER =
            exchange -> Future.succeededFuture(Reply.json("{\"ok\":true}".getBytes(StandardCharsets.UTF_8)));

    @TempDir
    Path directory;

    ChainHarness harness;

    @BeforeEach
    void open() {
        harness = new ChainHarness(directory);
    }

    @AfterEach
    void close() throws Exception {
        harness.close();
    }

    Plugin load(WasmText module, String options) throws Exception {
        Files.write(directory.resolve("it.wasm"), module.bytes());
        return harness.plugin(new WasmFactory(), "module: it.wasm\n" + options);
    }

    ChainHarness.Answer send(Plugin plugin) throws Exception {
        return harness.send(plugin, ANSWER, Principal.ANONYMOUS, BODY).get();
    }
}
