"""Predicts whether a diabetic patient will be readmitted to hospital within 30 days."""

# Here, since images hold the package without installing it.
__version__ = "0.1.0"
