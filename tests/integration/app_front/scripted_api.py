"""An API that answers what it is told to, over real HTTP."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response

MODEL = {"name": "mejor_modelo_diabetes", "version": "7", "dataset": "real", "target": "lt30"}
PREDICTION = {
    "prediction": 1,
    "label": "Readmitido",
    "probability": 0.2,
    "threshold": 0.1,
    "model_name": "mejor_modelo_diabetes",
    "model_version": "7",
    "prediction_id": "1",
    "dataset": "real",
}


@dataclass
class ScriptedApi:
    """What the API answers next, and where it listens."""

    address: str = ""
    model: Response = field(default_factory=lambda: JSONResponse(MODEL))
    prediction: Response = field(default_factory=lambda: JSONResponse({}))
    explained: Response | None = None
    card: Response = field(default_factory=lambda: JSONResponse({"error": {"code": "no_card", "message": ""}}, 404))
    keys: list[str | None] = field(default_factory=list)
    asked: Event = field(default_factory=Event)
    answer_now: Event = field(default_factory=Event)

    def app(self) -> FastAPI:
        app = FastAPI(dependencies=[Depends(self._note)])
        app.add_api_route("/model", lambda: self.model, response_model=None)
        app.add_api_route("/model/card", lambda: self.card, response_model=None)
        app.add_api_route("/predict", self._predict, methods=["POST"], response_model=None)
        return app

    def _note(self, request: Request) -> None:
        self.keys.append(request.headers.get("x-api-key"))

    def _predict(self, explain: bool = False) -> Response:
        self.asked.set()
        self.answer_now.wait(timeout=30)
        return self.explained if explain and self.explained is not None else self.prediction


@contextmanager
def scripted_api() -> Iterator[ScriptedApi]:
    """One that listens, until the block ends."""
    scripted = ScriptedApi()
    scripted.answer_now.set()
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        scripted.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(scripted.app(), log_level="error", ws="none", lifespan="off"))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield scripted
        finally:
            scripted.answer_now.set()
            server.should_exit = True
            thread.join(timeout=30)
