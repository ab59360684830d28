"""The API against its own description: `make test-schemathesis`."""
