"""One exception a failure that a person can act on; each message says what to do."""

from readmission.printable import printable


class ReadmissionError(Exception):
    """The base of the platform's own errors: the message is for the person who ran the step, and safe to show."""

    def __str__(self) -> str:
        return printable(super().__str__(), keep="\n")


class SourceError(ReadmissionError):
    """The data set could not be obtained: no such file, no network, or not the data set."""


class InvalidFileError(ReadmissionError):
    """A CSV breaks the contract; the message names rows and columns. Nothing was loaded."""


class LoadError(ReadmissionError):
    """The database did not take a valid file's rows as they were sent. The table in use is untouched."""


class ReplacementRefusedError(ReadmissionError):
    """A load would put far fewer rows, or synthetic ones, in the place of those that are there. Nothing was loaded."""


class UndoError(ReadmissionError):
    """There are no replaced rows that could be brought back."""


class DiskFullError(ReadmissionError):
    """A disk is full; the message says which. What was there is untouched."""


class NothingLoadedError(ReadmissionError):
    """A step needs `RAW_DATA.initial_data`, and no load has succeeded yet."""


class NothingPreparedError(ReadmissionError):
    """A step needs a prepared data set, and there is none, or its tables hold something else."""


class NotMigratedError(ReadmissionError):
    """The databases' tables are not those of this release; the message says who brings them up to date."""


class InUseError(ReadmissionError):
    """Another run holds the prepared data set."""


class PreparedSetChangedError(ReadmissionError):
    """The prepared data set that a training pinned was replaced while it ran."""


class TrainingError(ReadmissionError):
    """A batch's forest is not fit to be used, or no batch gave a model."""


class RemovedError(ReadmissionError):
    """Somebody removed what a step needs, in MLflow, its store or a database; the message says how to go on."""


class ParamsError(ReadmissionError):
    """A run's params are not what is allowed; the message names each, its value and what is."""


class TooFewRowsError(ReadmissionError):
    """There are fewer encounters than the method needs; the message says how many there are and the least number."""


class ResultExistsError(ReadmissionError):
    """What a step would write is there already, or is its own input. Nothing was written."""


class SigningKeyError(ReadmissionError):
    """The pipeline has no key to sign with, or one whose signatures nobody trusts."""


class UntrustedModelError(ReadmissionError):
    """A model is not used: nobody who is trusted signed it as it is, or put it in production."""


class PromotionError(ReadmissionError):
    """A version cannot be promoted; the message says why."""
