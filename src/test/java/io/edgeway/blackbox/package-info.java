/**
 * Tests of a started edgeway from outside: the JVM distribution or the native binary, whichever the system property
 * {@code edgeway.under-test} names. They know the command line, the configuration file and the wire, and nothing else.
 */
package io.edgeway.blackbox;
