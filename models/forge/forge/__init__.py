"""Makes edgeway's bundled model: from text to a quantized model directory, one step a module."""
