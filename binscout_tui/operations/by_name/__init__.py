"""Grouping images by the names that files, prompts and items tell: found and reported first, made when asked."""
