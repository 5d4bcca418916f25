"""Other trackers' records into a logdir of ours."""
