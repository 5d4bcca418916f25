"""Other trackers' APIs, to be imported in their place: ``from summaries.compat import wandb``."""
