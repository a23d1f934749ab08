package io.edgeway.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ChatRequestTest {
    @Provide
    Arbitrary<List<Object>> messages() {
        Arbitrary<Object> text = Arbitraries.strings().ofMaxLength(12).map(it -> it);
        Arbitrary<Object> parts = Arbitraries.strings()
                .ofMaxLength(6)
                .map(it -> (Object) Json.object("type", "text", "text", it))
                .list()
                .ofMaxSize(3)
                .map(it -> it);
        return Combinators.combine(Arbitraries.of("system", "user", "assistant"), Arbitraries.oneOf(text, parts))
                .as((role, content) -> (Object) Json.object("role", role, "content", content))
                .list()
                .ofMinSize(1)
                .ofMaxSize(5);
    }

    @Property
    void whatTheUserSaidLastIsFoundInTheBytes(@ForAll("messages") List<Object> messages) {
        byte[] body = Json.write(Json.object("model", "m", "messages", messages));
        assertThat(ChatRequest.parse(body).lastUserUtf8())
                .isEqualTo(ChatRequest.parse(body).lastUserText().getBytes(StandardCharsets.UTF_8));
    }

    @Example
    void messagesThatHoldNoTextAreToldOf() {
        for (String messages :
                List.of("[]", "7", "[7]", "[{\"role\":\"user\"}]", "[{\"role\":\"user\",\"content\":7}]")) {
            byte[] body = ("{\"model\":\"m\",\"messages\":" + messages + "}").getBytes(StandardCharsets.UTF_8);
            assertThatThrownBy(() -> ChatRequest.parse(body).lastUserUtf8()).isInstanceOf(ApiException.class);
        }
    }
}
