"""Every kind of operation, one file a family, and the public functions that make them."""
