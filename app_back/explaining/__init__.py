"""Risks with their reasons, and what-ifs: asked for one at a time by a person, so that speed is not all."""
