"""Choosing the best image of a set, and where to cut it."""
