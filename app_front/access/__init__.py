"""Who is let in at the form: what is counted and remembered of log-ins, which a process does for all of its pages."""
