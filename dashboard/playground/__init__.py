"""What the dashboard trains itself, with the engine: the demo."""
