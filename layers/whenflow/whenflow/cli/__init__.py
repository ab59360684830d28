"""The `whenflow` command: a client of the API for people at a terminal, and of nothing else."""
