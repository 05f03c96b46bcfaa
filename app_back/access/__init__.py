"""Who may ask the service what: keys and their roles, limits of requests, and the names that it answers under."""
