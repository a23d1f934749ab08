/**
 * What must outlive the process, in one file: no database, because one would outweigh all else in the binary.
 */
package io.edgeway.state.journal;
