"""How many events a second the engine decodes, matches and evaluates on one core."""
