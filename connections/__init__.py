"""Typed settings, and clients of the databases, the registry and the object store."""
