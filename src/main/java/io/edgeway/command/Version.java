package io.edgeway.command;

import picocli.CommandLine;

/** Says which edgeway this is. */
public final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
        String version = Version.class.getPackage().getImplementationVersion();
        return new String[] {"edgeway " + (version == null ? "0.1.0-SNAPSHOT" : version)};
    }
}
