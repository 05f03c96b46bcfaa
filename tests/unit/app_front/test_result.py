"""What the form says of an answer; the answers of a real API are in tests/integration/test_form.py."""

from streamlit.testing.v1 import AppTest

from app_front.sentences import Language
from readmission.prediction import PredictionResponse

LOW = PredictionResponse(
    prediction=0,
    label="No Readmitido",
    probability=0.0834,
    threshold=0.1243,
    model_name="mejor_modelo_diabetes",
    model_version="3",
    prediction_id="0b8f3c1e",
    dataset="real",
)
HIGH = LOW.model_copy(update={"prediction": 1, "label": "Readmitido", "probability": 0.2312, "dataset": "synthetic"})


def _page(answer: "PredictionResponse", code: str, language: "Language") -> None:
    # Streamlit runs this function's text as a script of its own: it imports what it needs.
    from app_front import form_state, result
    from readmission.features import FIELDS, decided_groups

    whole = {field.name: form_state.initial(field) for field in FIELDS} | {"discharge_code": code or None}
    result.show_prediction(answer, decided_groups(whole), language)


def page(answer: PredictionResponse, language: Language, code: str = "") -> AppTest:
    shown = AppTest.from_function(_page, args=(answer, code, language), default_timeout=60).run()
    assert not shown.exception
    return shown


def bar(shown: AppTest) -> str:
    return str(shown.get("html")[0].proto.body)


def test_low_risk_in_spanish() -> None:
    shown = page(LOW, "es")
    assert (shown.metric[0].label, shown.metric[0].value) == ("Probabilidad de reingreso", "8,3 %")
    assert ">riesgo bajo (8,3 %)<" in bar(shown)
    assert "**No Readmitido**" in shown.markdown[0].value
    assert "unos 8." in shown.markdown[0].value
    assert "a partir del 12,4 %" in shown.markdown[0].value
    assert shown.info[0].value == "Apoyo a la decisión, no diagnóstico"
    assert "versión 3 · predicción `0b8f3c1e`" in shown.caption[0].value
    assert not shown.warning


def test_high_risk_of_a_synthetic_model_in_english() -> None:
    shown = page(HIGH, "en")
    assert shown.metric[0].value == "23.1 %"
    assert ">high risk (23.1 %)<" in bar(shown)
    assert "**Readmitido**" in shown.markdown[0].value
    assert shown.info[0].value == "Decision support, not a diagnosis"
    assert "trained on **synthetic** data" in shown.warning[0].value


def test_the_bar_stands_at_the_probability_and_its_mark_at_the_threshold() -> None:
    drawn = bar(page(LOW, "es"))
    assert "width:8.3%" in drawn
    assert "left:12.4%" in drawn
    assert 'aria-label="riesgo bajo (8,3 %); umbral 12,4 %"' in drawn


def test_the_classification_is_the_apis_not_recomputed_by_the_form() -> None:
    assert "riesgo alto (8,3 %)" in bar(page(LOW.model_copy(update={"prediction": 1}), "es"))


def test_a_group_taken_from_a_code_is_told() -> None:
    told = page(LOW, "es", code="3").caption[0].value
    assert told == "Destino al alta: se usó el grupo «Otro», que es el de su código 3."
