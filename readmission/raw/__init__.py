"""Loads a checked CSV: `RAW_DATA.initial_data`."""
