"""A served model in memory: it proved itself when it was loaded."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from readmission.features import BY_NAME, CONTRACT_VERSION, FIELDS, SERVED_CONTRACTS, Value
from readmission.inference.attribution import Attribution
from readmission.inference.encoding import Encoding
from readmission.inference.onnx_runtime import onnxruntime
from readmission.inference.proof import check_examples, check_served
from readmission.inference.served_files import (
    CARD_FILES,
    FOREST_FILE,
    REASONS_FILE,
    SERVING_FILE,
    ModelFileError,
    ServedFiles,
    parsed,
    read_folder,
)
from readmission.inference.serving_config import ServingConfig
from readmission.inference.signatures import PublicKeys
from readmission.inference.trees import Trees


class Scorer:
    """A served model in memory; `fields` are those that it uses. Safe to call from several threads.

    `attribution` explains its answers; None of a version that was trained before there was `reasons.bin`.
    `card` has the version's card as `json`, `md` and `html`; nothing of a version of before there were cards.
    """

    def __init__(
        self,
        config: ServingConfig,
        forest: bytes,
        reasons: bytes | None = None,
        card: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        self.config = config
        self.card = card
        _check_fields(config)
        self.fields = tuple(field for field in FIELDS if field.name in config.fields)
        self._session, self._input = _session(forest)
        self.encoding = Encoding(config)
        self.attribution = None if reasons is None else self._attribution(reasons)

    @classmethod
    def load(cls, folder: Path, keys: PublicKeys) -> Self:
        """Reads the served files in a folder, and has them prove themselves.

        Raises:
            ModelFileError: a file is missing, changed or unsigned, or the model of another contract.
        """
        return cls.proven(read_folder(folder), keys)

    @classmethod
    def proven(cls, files: ServedFiles, keys: PublicKeys) -> Self:
        """The model of files whose signed manifest holds and whose answers to the stored examples are the pipeline's.

        Raises:
            ModelFileError: they do not, or it cannot be served.
        """
        check_served(files, keys)
        scorer = cls.unproven(files)
        try:
            check_examples(files, scorer.probabilities)
            if scorer.attribution is not None:
                check_examples(files, scorer.walked)
        except ModelFileError:
            raise
        except Exception as error:  # ONNX Runtime's errors have no base of their own
            raise ModelFileError(f"its files cannot answer its own examples ({type(error).__name__})") from error
        return scorer

    @classmethod
    def unproven(cls, files: ServedFiles) -> Self:
        """The model of files that nothing proves yet: for who is about to hold it against its pipeline.

        Raises:
            ModelFileError: a file is missing, damaged, or of a contract that is not served.
        """
        config = parsed(files, SERVING_FILE, ServingConfig)
        if FOREST_FILE not in files:
            raise ModelFileError(f"{FOREST_FILE} is missing")
        if hashlib.sha256(files[FOREST_FILE]).hexdigest() != config.forest_sha256:
            raise ModelFileError(f"{FOREST_FILE} is not the file that {SERVING_FILE} describes (sha256 differs)")
        if config.contract_version not in SERVED_CONTRACTS:
            raise ModelFileError(
                f"the model follows contract {config.contract_version}, this service {CONTRACT_VERSION} and the one "
                "before: train again"
            )
        card = {kind: files[name] for kind, name in CARD_FILES.items() if name in files}
        return cls(config, files[FOREST_FILE], files.get(REASONS_FILE), card)

    def _attribution(self, reasons: bytes) -> Attribution:
        return Attribution(Trees.read(reasons, self.encoding.width), self.encoding, self.config.calibration)

    def matrix(self, rows: Sequence[Mapping[str, str | float]]) -> NDArray[np.float32]:
        """The forest's input, shape (rows, columns), for model rows: numbers standardised, categories one-hot."""
        return self.encoding.of_rows(rows)

    def probabilities(self, rows: Sequence[Mapping[str, str | float]]) -> NDArray[np.float64]:
        """Calibrated probability of readmission, shape (rows,), for model rows."""
        return self.of_matrix(self.matrix(rows))

    def of_matrix(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Calibrated probability of readmission, shape (rows,), for the forest's input, shape (rows, columns)."""
        votes = self._session.run(["probabilities"], {self._input: matrix})[0]
        return self.config.calibration.apply(np.asarray(votes, dtype=np.float64)[:, 1])

    def walked(self, rows: Sequence[Mapping[str, str | float]]) -> NDArray[np.float64]:
        """The same as the trees that explain give it: `probabilities`, to some 1e-7, where they are the forest's."""
        assert self.attribution is not None, "asked of versions with `reasons.bin` alone"
        return self.attribution.walked(self.matrix(rows))

    def score(self, request: Mapping[str, Value]) -> float:
        """Calibrated probability of readmission for one whole request (see `features.complete_request`).

        Raises:
            FieldError: the contract does not allow a value.
        """
        return float(self.of_matrix(self.encoding.of_requests([request]))[0])

    def decide(self, probability: float) -> Literal[0, 1]:
        """1 when the probability reaches the model's threshold, else 0."""
        return 1 if probability >= self.config.threshold else 0


def _check_fields(config: ServingConfig) -> None:
    """Refuses a model of the contract before that uses what the present one does not know, or knows as another kind."""
    listed = [("number", number.name) for number in config.numbers]
    listed += [("category", name) for name in config.categories]
    for kind, name in listed:
        field = BY_NAME.get(name)
        if field is None or (field.kind == "number") != (kind == "number"):
            raise ModelFileError(f"the model uses the {kind} {name}, which this service does not know: train again")


def _session(forest: bytes) -> tuple[onnxruntime.InferenceSession, str]:
    """The forest, and the name of its input."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(forest, options, providers=["CPUExecutionProvider"])
        return session, session.get_inputs()[0].name
    except Exception as error:  # ONNX Runtime's errors have no base of their own
        raise ModelFileError(f"ONNX Runtime cannot load {FOREST_FILE} ({type(error).__name__})") from error
