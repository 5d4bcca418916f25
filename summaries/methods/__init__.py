"""What `SummaryWriter` can do besides scalars, by subject; each method is a line around a kind."""
