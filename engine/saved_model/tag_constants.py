"""Tags that say what a saved graph is for."""

SERVING = "serve"
TRAINING = "train"
