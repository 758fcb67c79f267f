"""Finding pictures that show the same: marks and hashes give candidates, alignment and pixels decide."""
