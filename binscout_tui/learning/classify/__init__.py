"""Which part it is: one class for an image."""
