"""What the form says of an answer; the answers of a real API are in tests/integration/app_front."""

from streamlit.testing.v1 import AppTest

from app_front.sentences import Language
from readmission.prediction import PredictionResponse, Reason, Reasons

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


def _page(answer: "PredictionResponse", changed: dict[str, str], language: "Language") -> None:
    # Streamlit runs this function's text as a script of its own: it imports what it needs.
    from app_front import form_state, result
    from readmission.features import FIELDS

    entered = {field.name: form_state.initial(field) for field in FIELDS} | {"age": "81"} | changed
    result.show_prediction(form_state.Answered(entered, answer), language)


def page(answer: PredictionResponse, language: Language, **changed: str) -> AppTest:
    shown = AppTest.from_function(_page, args=(answer, changed, language), default_timeout=60).run()
    assert not shown.exception
    return shown


def bar(shown: AppTest) -> str:
    return str(shown.get("html")[0].proto.body)


def test_a_risk_below_the_threshold_in_spanish() -> None:
    shown = page(LOW, "es")
    assert (shown.metric[0].label, shown.metric[0].value) == ("Probabilidad de reingreso", "8,3 %")
    assert shown.header[0].value == "Resultado: riesgo por debajo del umbral (8,3 %)"
    assert "unos 8." in shown.markdown[0].value
    assert "El umbral es el 12,4 %" in shown.markdown[0].value
    assert shown.info[0].value == "Apoyo a la decisión, no diagnóstico"
    assert "versión 3 · predicción `0b8f3c1e`" in shown.caption[0].value
    assert not shown.warning


def test_a_risk_above_the_threshold_of_a_synthetic_model_in_english() -> None:
    shown = page(HIGH, "en")
    assert shown.metric[0].value == "23.1 %"
    assert shown.header[0].value == "Result: risk above the threshold (23.1 %)"
    assert shown.info[0].value == "Decision support, not a diagnosis"
    assert "trained on **synthetic** data" in shown.warning[0].value


def test_neither_language_calls_a_patient_readmitted() -> None:
    for language in ("es", "en"):
        shown = page(HIGH, language)
        assert not any("eadmit" in text.value for text in (*shown.header, *shown.markdown, *shown.caption))


def test_it_repeats_what_it_was_computed_from_and_tells_choices_from_usual_values() -> None:
    chosen, assumed = (
        page(LOW, "es", gender="Male", diag_1=" 250.83 ", number_inpatient="2").markdown[1].value.split("\n\n")
    )
    assert chosen.startswith("Calculado con lo que eligió: ")
    for told in (r"Edad \(años\): **81**", "Sexo: **Hombre**", r"Ingresos \(año previo\): **2**", ": **250.83**"):
        assert told in chosen
        assert told not in assumed
    assert "Pruebas de laboratorio: **44**" in assumed
    assert "Grupo étnico" not in chosen + assumed


def test_the_bar_stands_at_the_probability_and_its_mark_at_the_threshold() -> None:
    drawn = bar(page(LOW, "es"))
    assert "width:8.3%" in drawn
    assert "left:12.4%" in drawn
    assert 'aria-label="riesgo por debajo del umbral (8,3 %); umbral 12,4 %"' in drawn


def test_the_classification_is_the_apis_not_recomputed_by_the_form() -> None:
    assert "por encima del umbral (8,3 %)" in page(LOW.model_copy(update={"prediction": 1}), "es").header[0].value


def test_without_reasons_none_are_told() -> None:
    assert not page(LOW, "es").subheader


def test_what_raises_and_what_lowers_is_told_in_the_pages_own_language_and_values() -> None:
    def reason(field: str, contribution: float) -> Reason:
        return Reason(field=field, name="in another language", value="in another language", contribution=contribution)

    raises = [reason("number_inpatient", 0.063), reason("diag_1", 0.02), reason("lactate", 0.001)]
    lowers = [reason("discharge_disposition_id", -0.0204), reason("insulin", -0.0001)]
    answer = LOW.model_copy(update={"reasons": Reasons(base=0.113, raises=raises, lowers=lowers)})
    shown = page(answer, "es", number_inpatient="2", discharge_code="3", diag_1="<b>428")
    assert shown.subheader[0].value == "Por qué este riesgo"
    assert any("riesgo medio del modelo (11,3 %)" in text.value for text in shown.markdown)
    up, down = (str(each.proto.body) for each in shown.get("html")[1:])
    assert "Suben el riesgo" in up and "Ingresos (año previo): <strong>2</strong>" in up
    assert "(+6,3 puntos)" in up and "width:100.0%" in up and "width:31.7%" in up
    assert "&lt;b&gt;428" in up and "<b>428" not in up
    assert "Bajan el riesgo" in down and "Destino al alta: <strong>Otro</strong>" in down
    assert "(\N{MINUS SIGN}2,0 puntos)" in down and "Insulina: <strong>Sin dato</strong>" in down
    # A field of a newer contract than the form's.
    assert up.count("in another language") == 2 and "in another language" not in down
    assert "(+6.3 points)" in str(page(answer, "en").get("html")[1].proto.body)


def test_a_group_taken_from_a_code_is_told() -> None:
    shown = page(LOW, "es", discharge_code="3")
    assert shown.caption[0].value == "Destino al alta: se usó el grupo «Otro», que es el de su código 3."
    assert "Destino al alta:" not in shown.markdown[1].value
    assert "Código de alta: **3 · A un centro de enfermería" in shown.markdown[1].value
