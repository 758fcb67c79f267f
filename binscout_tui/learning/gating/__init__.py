"""May this model be activated? Pure rules over what it said of known-good samples, one module a task; doubt fails."""
