"""Where `CalibratedForest` was before 0.1.0: skops stores a class by its path, and models logged then still load."""

from readmission.model.forest import CalibratedForest

__all__ = ["CalibratedForest"]
