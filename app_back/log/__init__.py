"""The log of answered predictions: a row is durable, in the database or in a journal, before its answer."""
