"""Requests per second through a webhook: from HTTP request to stored event."""
