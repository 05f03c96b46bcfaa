"""One forest: how it is fitted, measured, logged and turned into the files that are served."""
