package io.edgeway.plugin.router;

import io.smallrye.config.ConfigMapping;

/** Options of {@code type: router}. */
@ConfigMapping(prefix = "plugin.router")
public interface RouterConfig {}
