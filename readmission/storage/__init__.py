"""The platform's tables: created, filled, read, swapped and leased."""
