"""The table, area by area."""
