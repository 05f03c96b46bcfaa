"""Obtains the encounters' CSV and checks it against the contract."""
