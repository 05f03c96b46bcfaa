"""The form when the API fails."""

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from fastapi.responses import JSONResponse, Response
from streamlit.testing.v1 import AppTest

from app_front.client import NotReady, PredictionClient, Refused, TooSlow, Unexpected, Unreachable
from connections.settings import get_settings
from readmission.features import FIELDS
from tests.conftest import ROOT
from tests.integration.app_front.entries import choose_essentials
from tests.integration.app_front.scripted_api import MODEL, PREDICTION, ScriptedApi, scripted_api

APP = ROOT / "app_front/app.py"
REFUSED = {"field": "diag_1", "message": "'xx' is not an ICD-9 code", "allowed": "an ICD-9 code"}
NEWER = {"field": "smoker", "message": "is required", "allowed": "one of yes, no"}


def error(status: int, message: str, *fields: dict[str, str]) -> Response:
    body: dict[str, Any] = {"code": "of_the_test", "message": message}
    return JSONResponse({"error": body | ({"fields": list(fields)} if fields else {})}, status)


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    with scripted_api() as scripted:
        yield scripted


@pytest.fixture
def form(api: ScriptedApi, monkeypatch: pytest.MonkeyPatch, no_login: None) -> Iterator[AppTest]:  # noqa: ARG001
    monkeypatch.setenv("API_URL", api.address)
    get_settings.cache_clear()
    yield AppTest.from_file(str(APP), default_timeout=60)
    get_settings.cache_clear()


@pytest.fixture
def nobody() -> str:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def submit(form: AppTest) -> AppTest:
    choose_essentials(form.run())
    form.button(key="submit").click().run()
    assert not form.exception
    assert not form.metric
    return form


def shown(form: AppTest) -> str:
    return "\n".join(element.value for element in (*form.error, *form.warning))


def test_the_model_in_production_is_named(api: ScriptedApi, form: AppTest) -> None:
    assert any("mejor\\_modelo\\_diabetes" in line.value and "**7**" in line.value for line in form.run().markdown)
    assert shown(form) == ""
    api.model = JSONResponse(MODEL | {"dataset": "synthetic"})
    assert "datos **sintéticos**" in shown(form.button(key="clear").click().run())
    api.model = JSONResponse(MODEL | {"target": "any"})
    assert "**en cualquier momento**" in shown(form.button(key="clear").click().run())


def test_earlier_stays_are_asked_for_where_the_version_uses_them(api: ScriptedApi, form: AppTest) -> None:
    history = [field for field in FIELDS if field.history]
    assert len(form.run().expander) == 3
    api.model = JSONResponse(MODEL | {"features": ["age", "previous_stays"]})
    fold = form.button(key="clear").click().run().expander[2]
    assert fold.label == "Si constan: estancias anteriores"
    assert {one.label for one in (*fold.selectbox, *fold.text_input)} == {field.texts.label.es for field in history}
    form.text_input(key="previous_stays:es").input("2")
    form.selectbox(key="previous_readmitted:es").select("<30")
    api.prediction = JSONResponse(PREDICTION)
    choose_essentials(form).button(key="submit").click().run()
    chosen = next(line.value for line in form.markdown if "Estancias anteriores: " in line.value)
    assert "Estancias anteriores: **2**" in chosen and "**En 30 días**" in chosen
    api.model = JSONResponse(MODEL)
    assert len(form.button(key="clear").click().run().expander) == 3


def test_no_model_yet(api: ScriptedApi, form: AppTest) -> None:
    api.model = api.prediction = error(503, "no version has the alias production; run entrenar_modelo")
    assert "Todavía no hay un modelo en producción" in shown(form.run())
    assert "todavía no puede predecir.** Dice: no version has the alias production" in shown(submit(form))
    form.button(key="switch_to_en").click().run()
    assert "The service cannot predict yet.** It says: no version" in shown(form)


def test_api_down(form: AppTest, nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_URL", nobody)
    get_settings.cache_clear()
    told = shown(submit(form))
    assert f"no responde** en {nobody}" in told
    assert "`make status`" in told


def test_refused_fields_are_told_by_label_and_beside_the_field(api: ScriptedApi, form: AppTest) -> None:
    api.prediction = error(422, "2 fields are refused", REFUSED, NEWER)
    told = shown(submit(form))
    assert "**Diagnóstico principal (CIE-9)** admite un código CIE-9, por ejemplo 250.83, 428 o V57" in told
    assert r"smoker\: one of yes, no" in told
    assert any(line.value.startswith(":red[Admite un código CIE-9") for line in form.markdown)
    assert form.expander[1].proto.expanded, "the refused field must be in sight"


def test_unexpected_answers(api: ScriptedApi, form: AppTest) -> None:
    for answer in (
        Response("<html>gateway</html>", 502),
        Response("<html>gateway</html>", 200),
        JSONResponse(PREDICTION | {"probability": 7.0}),
        error(500, "gateway"),
    ):
        api.prediction = answer
        assert f"Respuesta inesperada del servicio de predicción** (estado {answer.status_code})" in shown(submit(form))


def test_each_failure_has_its_type(api: ScriptedApi, nobody: str) -> None:
    client = PredictionClient(api.address)
    api.prediction = error(503, "training")
    with pytest.raises(NotReady) as not_ready:
        client.predict({})
    assert not_ready.value.message == "training"
    api.prediction = error(422, "no", REFUSED)
    with pytest.raises(Refused) as refused:
        client.predict({})
    assert [told.field for told in refused.value.fields] == ["diag_1"]
    api.prediction = Response("gateway", 502)
    with pytest.raises(Unexpected) as unexpected:
        client.predict({})
    assert (unexpected.value.status, unexpected.value.detail) == (502, "7 bytes, no content type")
    for address in (nobody, "no-scheme", "http://[bad"):
        with pytest.raises(Unreachable):
            PredictionClient(address).model()


def test_a_version_that_cannot_be_explained_still_predicts(api: ScriptedApi, form: AppTest) -> None:
    api.explained, api.prediction = error(409, "trained before risks could be explained"), JSONResponse(PREDICTION)
    choose_essentials(form.run())
    form.button(key="submit").click().run()
    assert form.metric[0].value == "20,0 %" and shown(form) == ""
    assert "Por qué este riesgo" not in [line.value for line in form.subheader]


def test_what_if_fails_beside_the_risk_that_stays(api: ScriptedApi, form: AppTest) -> None:
    api.prediction = JSONResponse(PREDICTION)
    choose_essentials(form.run())
    form.button(key="submit").click().run()
    form.button(key="what_if").click().run()  # this service has no such endpoint
    assert not form.exception and form.metric
    assert "**Respuesta inesperada del servicio de predicción** (estado 404)" in shown(form)


def test_the_card_of_the_version_is_shown_and_one_of_before_has_none(api: ScriptedApi, form: AppTest) -> None:
    def told() -> list[str]:
        form.button(key="card").click().run()
        return [line.value for line in form.markdown]

    form.run()
    assert any("anterior a las fichas" in line for line in told())
    api.card = Response("# Model card: batch 1", media_type="text/markdown")
    assert "# Model card: batch 1" in told()
    assert "# Model card: batch 1" not in [line.value for line in form.button(key="clear").click().run().markdown]
    api.card = error(503, "no model is loaded yet")
    told()
    assert "no model is loaded yet" in shown(form)


def test_each_request_has_the_forms_own_key(api: ScriptedApi) -> None:
    client = PredictionClient(api.address, "a-key")
    client.model()
    api.prediction = error(503, "training")
    with pytest.raises(NotReady):
        client.predict({})
    assert api.keys[-2:] == ["a-key", "a-key"]


def test_a_key_that_the_service_does_not_know_is_told(api: ScriptedApi, form: AppTest) -> None:
    api.prediction = error(401, "the API key is not known here, or was revoked")
    assert "(estado 401): the API key is not known here" in shown(submit(form)).replace("*", "")


def test_a_slow_api_is_given_up(api: ScriptedApi, form: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    api.answer_now.clear()
    monkeypatch.setattr(PredictionClient.__init__, "__defaults__", ("", httpx.Timeout(0.3)))
    with pytest.raises(TooSlow):
        PredictionClient(api.address).predict({})
    assert f"tarda demasiado** en contestar en {api.address}" in shown(submit(form))


def test_a_proxy_of_the_environment_is_passed_by(
    api: ScriptedApi, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", nobody)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert PredictionClient(api.address).model().version == "7"
