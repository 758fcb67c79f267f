"""BinScout: photograph small parts, teach a machine to recognise them, and count them, in a terminal."""

__version__ = "0.1.0"
