"""Trains one forest a batch and selects the best."""
