"""Which images belong together: pure functions from candidates to sets and a report of what was left out."""
