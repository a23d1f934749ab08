/**
 * The gateway's configuration: one YAML file, mapped by SmallRye Config, with every problem told by line and path.
 * Options of a plugin live with the plugin.
 */
package io.edgeway.config;
