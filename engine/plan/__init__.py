"""From a graph and one signature to a flat sequence of NumPy calls."""
