"""The capture screen without a screen: the queue, the place that is captured for, choosing from long lists."""
