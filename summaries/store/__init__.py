"""How the event store is laid out, written and read."""
