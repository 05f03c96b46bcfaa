"""Which version serves, and why: promotion, rollback, export."""
