"""Counting parts in a photo: a network that marks their centres, and an area fit that needs no training."""
