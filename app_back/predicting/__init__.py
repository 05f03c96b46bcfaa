"""`POST /predict`, the route that must be fast and forget nothing: parse, complete, score, log, answer."""
