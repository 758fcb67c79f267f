"""Formats of labels."""
