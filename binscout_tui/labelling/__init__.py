"""Labelling without a screen: keys of classes, the queue, the pace, and the desk that commits decisions."""
