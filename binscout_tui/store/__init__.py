"""All SQL of the program. The areas of decisions are imported here, since they teach the journal to undo them."""

from binscout_tui.store import box_labels, classes, images, labels, sets, suspects

__all__ = ["box_labels", "classes", "images", "labels", "sets", "suspects"]
