"""Blocked kernels over several cores, for what one NumPy call cannot do well."""
