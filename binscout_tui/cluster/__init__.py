"""Scoring and embedding folders that are too large for one machine. `ray_pool` alone imports Ray, when it is asked."""
