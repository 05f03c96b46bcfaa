"""The model version that answers."""
