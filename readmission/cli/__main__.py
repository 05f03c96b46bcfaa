"""`python -m readmission.cli`, where the command itself is not installed."""

from readmission.cli import app

app()
