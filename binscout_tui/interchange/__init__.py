"""Formats of labels, read and written over plain structs. It knows no database; `docs/formats.md` has the layouts."""
