"""The dashboard: `dashboard serve LOGDIR`."""
