"""Cleans, splits by patient and batches the loaded encounters: `CLEAN_DATA`."""
