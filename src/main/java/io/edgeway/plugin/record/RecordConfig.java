package io.edgeway.plugin.record;

import io.edgeway.config.Bytes;
import io.edgeway.config.Percent;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.List;
import java.util.Optional;

/** Options of {@code type: record}. */
@ConfigMapping(prefix = "plugin.record")
public interface RecordConfig {
    /** Ids of the keys whose exchanges are recorded; nobody else's are. */
    Optional<List<String>> keys();

    /** Record callers without a key too. */
    @WithDefault("false")
    boolean anonymous();

    /** The folder of the recordings, in the state directory unless absolute. */
    @WithDefault("record")
    String directory();

    /** How large a file grows before the next is begun. */
    @WithDefault("16MB")
    Bytes maxFile();

    /** How many files are kept; the oldest goes first. */
    @WithDefault("8")
    int files();

    /** The largest exchange that is recorded. */
    @WithDefault("256KB")
    Bytes maxEntry();

    /** A local model that is asked too, after the client has its answer, so that its agreement can be watched. */
    Optional<String> shadow();

    /** The share of recorded exchanges that the local model is asked too. */
    @WithDefault("100%")
    Percent shadowShare();

    /** How an answer of the local model begins by which it says that it does not know. */
    @WithDefault("I don't know,I can't do that well,I cannot see live")
    Optional<List<String>> handOver();
}
