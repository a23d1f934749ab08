package io.edgeway.blackbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.edgeway.json.Json;
import io.edgeway.testkit.FakeCloud;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page at /chat in a real browser. */
class ChatPageIT {
    private FakeCloud cloud;
    private EdgewayProcess edgeway;
    private Browser browser;

    @BeforeEach
    void start(@TempDir Path directory) throws Exception {
        assumeThat(Browser.installed()).as("chromium and chromedriver").isTrue();
        cloud = FakeCloud.start();
        edgeway = EdgewayProcess.serve(Cloudy.config(directory, cloud));
        browser = Browser.start(directory);
        browser.open(edgeway.url() + "/chat");
    }

    @AfterEach
    void stop() {
        if (browser != null) {
            browser.close();
        }
        if (edgeway != null) {
            edgeway.close();
            cloud.close();
        }
    }

    private void choose(String model) {
        browser.type("#key", Cloudy.KEY);
        browser.run("document.getElementById('key').dispatchEvent(new Event('change'))");
        browser.await("return document.querySelectorAll('#model option').length > 1", true);
        browser.run("document.getElementById('model').value = '" + model + "'");
    }

    private static final String SAID =
            "return [...document.querySelectorAll('article')].map(a => a.textContent).join('|')";

    @Test
    void aPageChatsOverTheSocket() throws Exception {
        choose("cloud");
        browser.type("#text", "Hello");
        browser.click("#send");
        browser.await(SAID, "Hello|Hello from the cloud");
        browser.await("return document.getElementById('stop').hidden", true);
        cloud.take();
        browser.type("#text", "And again");
        browser.click("#send");
        browser.await(SAID, "Hello|Hello from the cloud|And again|Hello from the cloud");
        assertThat(Json.readObject(cloud.take().body().getBytes())
                        .get("messages")
                        .toString())
                .contains("Hello from the cloud", "And again");
    }

    @Test
    void aPageStopsAnAnswer() {
        choose("scripted");
        cloud.next("tokens=9&stall=2");
        browser.type("#text", "Hello");
        browser.click("#send");
        FakeCloud.Received received = cloud.take();
        browser.click("#stop");
        received.gone().orTimeout(5, TimeUnit.SECONDS).join();
        browser.await("return document.getElementById('stop').hidden", true);
    }

    @Test
    void aPageSaysWhatIsWrong() {
        choose("busy");
        browser.type("#text", "Hello");
        browser.click("#send");
        browser.await("return document.querySelectorAll('.failed').length", 1L);
        browser.type("#key", "-wrong");
        browser.run("document.getElementById('key').dispatchEvent(new Event('change'))");
        browser.await("return document.getElementById('text').placeholder.includes('key')", true);
        browser.type("#text", "Hello");
        browser.click("#send");
        browser.await("return document.querySelectorAll('.failed').length", 2L);
    }

    @Test
    void onlyThePagesOwnScriptRuns() {
        HttpResponse<String> page = edgeway.get("/chat");
        assertThat(page.headers().map())
                .containsEntry("content-type", java.util.List.of("text/html; charset=utf-8"))
                .containsKey("content-security-policy");
        browser.run("const s = document.createElement('script'); s.textContent = 'window.foreign = 1';"
                + " document.body.append(s)");
        assertThat(browser.run("return window.foreign === undefined")).isEqualTo(Boolean.TRUE);
    }
}
