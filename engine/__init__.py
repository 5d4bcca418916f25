"""TensorFlow 1.x graph API: build a graph, differentiate it, run it in a session."""
