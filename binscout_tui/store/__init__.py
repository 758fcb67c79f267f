"""All SQL of the program. The areas of decisions are imported here, since they teach the journal to undo them."""

from binscout_tui.store import images, labels, sets

__all__ = ["images", "labels", "sets"]
