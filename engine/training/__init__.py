"""What runs a training loop: coordination, hooks, monitored sessions, the names of clusters."""
