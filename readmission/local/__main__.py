"""`python -m readmission.local`: what the Makefile's targets for the embedded platform call."""

from readmission.local.commands import app

if __name__ == "__main__":
    app()
