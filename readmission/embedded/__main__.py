"""`python -m readmission.embedded`: what the Makefile's targets for the embedded platform call."""

from readmission.embedded.commands import app

if __name__ == "__main__":
    app()
