"""Back ends: where a program's values live and how its operations run."""
