package io.edgeway.plugin.accesslog;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** Options of {@code type: access-log}. */
@ConfigMapping(prefix = "plugin.access-log")
public interface AccessLogConfig {
    /** Log only exchanges that took at least this long, and those that failed; 0 logs all. */
    @WithDefault("0ms")
    Duration slowerThan();
}
