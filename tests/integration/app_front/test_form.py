"""The form against the real prediction service, with a model out of a real registry."""

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app_front.form_state import initial
from app_front.sentences import LOWERS, RAISES, RESULT, WHY, WITHDRAWN, Language, percent, risk, say
from app_front.widgets import options
from connections.model_registry import client
from connections.settings import Settings, get_settings
from readmission.features import BY_NAME, ENCOUNTER_REF_LENGTH, FIELDS, Field, complete_request
from tests.conftest import ROOT
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.servers import wait_for
from tests.integration.app_front.entries import AS_SENT, choose_essentials, enter, form_api
from tests.mlflow_admin import mlflow_admin

APP = ROOT / "app_front/app.py"
LANGUAGES: tuple[Language, ...] = ("es", "en")
CODED = {
    "discharge_code": "discharge_disposition_id",
    "admission_type_code": "admission_type_id",
    "admission_source_code": "admission_source_id",
}


@pytest.fixture(scope="module")
def api(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with form_api(stores, tmp_path_factory.mktemp("form"), "form") as running_service:
        yield running_service


@pytest.fixture
def form(api: Api, monkeypatch: pytest.MonkeyPatch, no_login: None) -> Iterator[AppTest]:  # noqa: ARG001
    monkeypatch.setenv("API_URL", api.settings.url("api"))
    get_settings.cache_clear()
    yield AppTest.from_file(str(APP), default_timeout=60).run()
    get_settings.cache_clear()


def submit(form: AppTest) -> AppTest:
    form.button(key="submit").click().run()
    assert not form.exception
    return form


def switch(form: AppTest, language: Language) -> None:
    if form.session_state["language"] != language:
        form.button(key=f"switch_to_{language}").click().run()


def latest(api: Api) -> dict[str, Any]:
    listed = api.http.get("/predictions", params={"limit": 1}).json()["predictions"]
    return dict(listed[0]) if listed else {}


def is_explained(form: AppTest, language: Language) -> bool:
    return say(WHY, language) in [line.value for line in form.subheader]


def reasons_shown(form: AppTest) -> list[str]:
    return [body for each in form.get("html") if "<ul" in (body := str(each.proto.body))]


def another(field: Field) -> str:
    """A value that is neither the field's first nor its default."""
    if field.kind == "number":
        assert field.minimum is not None
        return str(field.minimum + 7)
    if field.kind == "category":
        return next(option for option in reversed(options(field)) if option not in (initial(field), field.default))
    return "250.83" if field.kind == "icd9" else "r" * ENCOUNTER_REF_LENGTH


def test_the_model_in_production_is_named_and_said_to_be_synthetic(api: Api, form: AppTest) -> None:
    named = api.settings.model_name.replace("_", r"\_")
    lines = [line.value for line in form.markdown]
    assert f"Modelo en producción: **{named}**, versión **{api.registered.version}**" in lines
    assert "**sintéticos**" in form.warning[0].value


def test_what_was_chosen_is_asked_with_the_defaults_of_the_rest(api: Api, form: AppTest) -> None:
    submit(choose_essentials(form))
    logged = latest(api)
    assert logged["inputs"] == complete_request(AS_SENT)
    assert form.metric[0].value == percent(logged["probability"], "es")
    told = "\n".join(caption.value for caption in form.caption)
    assert f"versión {api.registered.version} · predicción `{logged['prediction_id']}`" in told


def test_an_untouched_form_asks_for_what_matters_most(api: Api, form: AppTest) -> None:
    before = latest(api)
    submit(form)
    assert (
        r"falta elegir** Edad \(años\), Días de hospitalización, Destino al alta, Ingresos \(año" in form.error[0].value
    )
    assert not form.metric
    submit(choose_essentials(form, age=""))
    assert form.error[0].value == r"**No se ha calculado: falta elegir** Edad \(años\)."
    assert latest(api) == before


def test_a_code_counts_as_the_disposition_that_it_decides(api: Api, form: AppTest) -> None:
    choose_essentials(form)
    form.selectbox(key="discharge_disposition_id:es").set_value(None)
    enter(form, "discharge_code", "3")
    submit(form)
    assert latest(api)["inputs"]["discharge_disposition_id"] == "Otro"
    assert "Destino al alta: se usó el grupo «Otro»" in "\n".join(caption.value for caption in form.caption)


def test_what_is_sent_is_what_was_entered_in_every_field(api: Api, form: AppTest) -> None:
    asked = [field for field in FIELDS if not field.history]  # the version that answers was trained without
    entered = {field.name: another(field) for field in asked}
    switch(form, "en")
    for name, value in entered.items():
        enter(form, name, value)
    submit(form)
    sent = {name: int(value) if BY_NAME[name].kind == "number" else value for name, value in entered.items()}
    assert [name for name, value in sent.items() if value == BY_NAME[name].default] == []
    groups = {group: (BY_NAME[group].groups or {})[entered[code]] for code, group in CODED.items()}
    unasked = {field.name: None for field in FIELDS if field not in asked}
    assert latest(api)["inputs"] == sent | groups | unasked
    assert latest(api)["encounter_ref"] == entered["encounter_ref"]


def test_both_risks_in_both_languages(api: Api, form: AppTest) -> None:
    answered = set()
    for stays in ("0", "20"):
        submit(choose_essentials(form, number_inpatient=stays))
        logged = latest(api)
        answered.add(logged["prediction"])
        for language in LANGUAGES:
            switch(form, language)
            said = risk(logged["prediction"] == 1, logged["probability"], language)
            assert form.header[-1].value == say(RESULT, language, risk=said)
            assert not any("eadmitido" in line.value for line in form.markdown)
        switch(form, "es")
    assert answered == {0, 1}


def test_a_result_goes_for_good_once_an_input_was_changed(form: AppTest) -> None:
    submit(choose_essentials(form))
    assert form.metric
    for age in ("90", "81"):
        enter(form, "age", age)
        form.run()
        assert not form.metric
        assert form.info[0].value == say(WITHDRAWN, "es")
    switch(form, "en")
    assert not form.metric
    assert form.info[0].value == say(WITHDRAWN, "en")
    form.button(key="clear").click().run()
    assert not form.info


def test_the_reasons_of_a_risk_come_and_go_with_it(form: AppTest) -> None:
    submit(choose_essentials(form, number_inpatient="20"))
    for language in LANGUAGES:
        switch(form, language)
        assert is_explained(form, language)
        raises, lowers = reasons_shown(form)
        assert say(RAISES, language) in raises and say(LOWERS, language) in lowers
        assert f"{say(BY_NAME['number_inpatient'].texts.label, language)}: <strong>20</strong>" in raises
    enter(form, "number_inpatient", "0")
    form.run()
    assert form.info[0].value == say(WITHDRAWN, "en")
    assert not is_explained(form, "en") and reasons_shown(form) == []
    submit(form)
    assert "<strong>20</strong>" not in "".join(reasons_shown(form))


def test_a_what_if_is_asked_of_the_risk_that_is_shown_and_logs_nothing(api: Api, form: AppTest) -> None:
    submit(choose_essentials(form))
    before = latest(api)
    form.button(key="what_if").click().run()
    assert not form.exception and not form.error
    expected = api.http.post("/what-if", json=AS_SENT).json()["variants"]
    (home,) = (each for each in expected if each["field"] == "discharge_disposition_id")
    told = next(line.value for line in form.markdown if line.value.startswith("**Destino al alta**"))
    assert f"- Alta a casa: **{percent(home['probability'], 'es')}** (" in told
    assert sum(line.value.count("\n- ") for line in form.markdown) >= len(expected)
    assert latest(api) == before
    enter(form, "age", "90")
    form.run()
    assert not any("**Destino al alta**" in line.value for line in form.markdown)
    submit(form)
    assert form.button(key="what_if") and not any("**Destino al alta**" in line.value for line in form.markdown)


def test_a_what_if_that_an_edit_overtakes_shows_nothing(form: AppTest) -> None:
    submit(choose_essentials(form))
    enter(form, "age", "90")
    form.button(key="what_if").click().run()
    assert not form.exception
    assert form.info[0].value == say(WITHDRAWN, "es") and not form.metric
    assert not any("**Destino al alta**" in line.value for line in form.markdown)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("diag_2", "flu", "**Segundo diagnóstico (CIE-9)** admite un código CIE-9"),
        ("time_in_hospital", "3.7", "**Días de hospitalización** admite un número entero de 1 a 14; no «3.7»"),
        ("time_in_hospital", "15", "**Días de hospitalización** admite un número entero de 1 a 14; no «15»"),
        ("num_procedures", "", "**Procedimientos** admite un número entero de 0 a 20"),
        ("encounter_ref", "r" * 65, "**Referencia del episodio** admite hasta 64 caracteres"),
    ],
)
def test_a_refused_value_is_named_and_nothing_is_logged(
    api: Api, form: AppTest, name: str, value: str, told: str
) -> None:
    before = latest(api)
    submit(choose_essentials(form, **{name: value}))
    assert told in form.error[0].value
    assert not form.metric
    assert latest(api) == before
    enter(form, name, "9" if name == "num_procedures" else initial(BY_NAME[name]) or "9")
    form.run()
    assert not form.error, "what was put right is not complained of any more"


def test_no_model_in_production(api: Api, form: AppTest) -> None:
    registry, settings = client(api.settings), api.settings
    with mlflow_admin(settings) as admin:
        admin.delete_registered_model_alias(settings.model_name, settings.model_alias)
    try:
        wait_for(lambda: api.http.get("/health/ready").status_code == 503)
        submit(choose_essentials(form))
        assert "Todavía no hay un modelo en producción" in form.warning[0].value
        assert "**El servicio todavía no puede predecir.**" in form.warning[1].value
        assert "readmission promote" in form.warning[1].value
        assert not form.metric
    finally:
        registry.set_registered_model_alias(settings.model_name, settings.model_alias, api.registered.version)
        wait_for(lambda: api.http.get("/health/ready").status_code == 200)
