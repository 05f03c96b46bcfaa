"""Scores a file of encounters, as people have them, with a registered version."""
