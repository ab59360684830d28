"""From an event to running code: latency at a steady rate, and a burst; beside the reference."""
