"""Made-up encounters with the data set's columns and realistic margins: no patient."""

from readmission.synthetic.encounters import write

__all__ = ["write"]
