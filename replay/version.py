"""The version of this package, known without importing any of it."""

__version__ = "0.1.0"
