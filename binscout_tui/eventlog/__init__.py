"""Reading the append-only event log of a run: cursor, lines, text for people, metrics."""
