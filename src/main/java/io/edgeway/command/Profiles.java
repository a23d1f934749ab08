package io.edgeway.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Complete configurations that come with the product, one for each class of node. */
final class Profiles {
    private static final String SUFFIX = ".yaml";

    private Profiles() {}

    static Path find(String name) {
        return directories()
                .map(directory -> directory.resolve(name + SUFFIX))
                .filter(Files::isRegularFile)
                .findFirst()
                .orElse(null);
    }

    static Iterable<String> names() {
        TreeSet<String> names = new TreeSet<>();
        directories().filter(Files::isDirectory).forEach(directory -> {
            try (Stream<Path> files = Files.list(directory)) {
                files.map(file -> file.getFileName().toString())
                        .filter(file -> file.endsWith(SUFFIX))
                        .forEach(file -> names.add(file.substring(0, file.length() - SUFFIX.length())));
            } catch (IOException e) {
                // A directory that cannot be read offers no profile.
            }
        });
        return names;
    }

    private static Stream<Path> directories() {
        Path home = Path.of(System.getProperty("edgeway.home", ""));
        return List.of(Path.of("edge-profiles"), home.resolve("edge-profiles"), Path.of("/usr/share/edgeway/profiles"))
                .stream();
    }
}
