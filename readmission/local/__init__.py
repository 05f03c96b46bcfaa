"""The whole platform on one machine without containers: `make demo` and what belongs to it."""
