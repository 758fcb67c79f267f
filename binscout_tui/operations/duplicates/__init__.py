"""Looking for pictures that are there several times, in the library and in folders, and deciding on them."""
