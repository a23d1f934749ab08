package io.edgeway.assembly;

import java.nio.file.Path;

/** Where state goes that outlives a restart: systemd's directory, then XDG's. */
public final class StateDirectory {
    private StateDirectory() {}

    public static Path ofEnvironment() {
        String systemd = System.getenv("STATE_DIRECTORY");
        if (systemd != null && !systemd.isBlank()) {
            return Path.of(systemd.split(":", 2)[0]);
        }
        String xdg = System.getenv("XDG_STATE_HOME");
        if (xdg != null && !xdg.isBlank()) {
            return Path.of(xdg, "edgeway");
        }
        return Path.of(System.getProperty("user.home", "."), ".local", "state", "edgeway");
    }
}
