"""How the trained version answers, as it is served: what it must never do, whatever it learned."""

import numpy as np
import pytest

from connections.model_registry import client, registered
from readmission.clean.prepared_sets import read_split
from readmission.features import BY_NAME, INCREASING, OPTIONAL_FIELDS, ORIGINAL_FIELDS, complete_request
from readmission.features.field import Value
from readmission.inference import Scorer
from readmission.model.forest import inputs
from readmission.model.serving_files import records
from readmission.registry.signed_models import version_model
from tests.integration.pipeline import Trained

PATIENTS = 300
# Of the patient at all defaults: 11 of 100 come back, and this one is not among the sickest.
LEAST_DEFAULT, MOST_DEFAULT = 0.03, 0.15


@pytest.fixture(scope="module")
def scorer(trained: Trained) -> Scorer:
    """The version that the training registered, as the service would load it."""
    version = client(trained.settings).get_model_version(trained.outcome.name, trained.outcome.version)
    return version_model(trained.settings, registered(version)).scorer()


@pytest.fixture(scope="module")
def patients(trained: Trained) -> list[dict[str, str | float]]:
    """Model rows of encounters that the version was not trained on."""
    return records(inputs(read_split(trained.settings, "val").head(PATIENTS)))


def risk(scorer: Scorer, **sent: Value) -> float:
    return scorer.score(complete_request(sent))


def test_more_earlier_inpatient_stays_never_lower_a_risk(
    scorer: Scorer, patients: list[dict[str, str | float]]
) -> None:
    assert INCREASING == ("number_inpatient",)
    stays = [[{**row, "number_inpatient": float(count)} for row in patients] for count in range(22)]
    risks = np.array([scorer.probabilities(rows) for rows in stays])
    assert np.diff(risks, axis=0).min() >= -1e-7  # the forest's votes are sums of 32-bit floats
    assert (risks[-1] > risks[0]).all()


def test_race_has_no_effect_at_all(scorer: Scorer) -> None:
    risks = {risk(scorer, race=race, number_inpatient=2) for race in BY_NAME["race"].vocabulary}
    assert len(BY_NAME["race"].vocabulary) > 2 and len(risks) == 1


def test_the_patient_at_all_defaults_has_a_usual_risk(scorer: Scorer) -> None:
    assert LEAST_DEFAULT <= risk(scorer) <= MOST_DEFAULT


@pytest.mark.parametrize("blank", [None, ""])
def test_blank_fields_leave_a_usual_risk(scorer: Scorer, blank: Value) -> None:
    """Blank optional fields are those that were not sent; with all blank that may be, a risk is still a patient's."""
    assert risk(scorer, **{field.name: blank for field in OPTIONAL_FIELDS}) == risk(scorer)
    may_be = [field.name for field in (*ORIGINAL_FIELDS, *OPTIONAL_FIELDS) if field.missing is not None]
    assert LEAST_DEFAULT <= risk(scorer, **dict.fromkeys(may_be, blank)) <= 2 * MOST_DEFAULT


def test_the_order_of_fields_is_irrelevant(scorer: Scorer, patients: list[dict[str, str | float]]) -> None:
    whole = complete_request({"number_inpatient": 3, "diag_1": "428", "age": 80})
    assert scorer.score(dict(reversed(whole.items()))) == scorer.score(whole)
    turned = [dict(reversed(row.items())) for row in patients]
    assert (scorer.probabilities(turned) == scorer.probabilities(patients)).all()


@pytest.mark.parametrize("field", ["medical_specialty", "payer_code", "diag_1"])
def test_a_category_that_it_never_saw_leaves_a_usual_risk(
    scorer: Scorer, patients: list[dict[str, str | float]], field: str
) -> None:
    known = scorer.probabilities(patients)
    unseen = scorer.probabilities([{**row, field: "never seen"} for row in patients])
    assert np.isfinite(unseen).all() and abs(float(unseen.mean() - known.mean())) < 0.03
