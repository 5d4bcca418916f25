"""Where scripts reach into TensorFlow's own packages."""
