"""Notifications: where messages go (targets), what each service wants to read, and how it gets there."""
