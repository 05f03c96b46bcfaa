"""Typed settings, and clients of the databases and the registry."""
