/** The commands of the command line. */
package io.edgeway.command;
