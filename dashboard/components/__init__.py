"""Our Dash components: a small Python class and a plain JavaScript file each, no build step."""
