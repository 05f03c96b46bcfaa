"""How long logged predictions are kept, and what is deleted of them for good."""
