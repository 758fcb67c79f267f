"""Moving people's files: looked at, planned without touching anything, carried out with a log, undone from it."""
