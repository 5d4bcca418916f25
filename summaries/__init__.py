"""trainboard summaries: log training runs, and read them back."""
