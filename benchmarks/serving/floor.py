"""The floor: the least that FastAPI does for a request of the same body and an answer of the same size.

`python -m benchmarks.serving.floor PORT WORKERS` serves it as the service is served.
"""

import json
import sys

import uvicorn
from fastapi import FastAPI, Request, Response

from app_back.__main__ import SERVER
from app_back.examples import ANSWERS

_ANSWER = json.dumps(ANSWERS["original"]).encode()

app = FastAPI()


@app.post("/predict")
async def predict(request: Request) -> Response:
    """Reads the body and answers."""
    await request.body()
    return Response(_ANSWER, media_type="application/json")


@app.get("/health/live")
async def live() -> Response:
    """Listens."""
    return Response()


if __name__ == "__main__":
    uvicorn.run("benchmarks.serving.floor:app", port=int(sys.argv[1]), workers=int(sys.argv[2]), **SERVER)
