"""The floor: a FastAPI handler that declares the same body and gives a fixed answer of the same size.

`python -m benchmarks.serving.floor PORT WORKERS` serves it as the service is served.
"""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, Response

from app_back.__main__ import SERVER
from app_back.examples import ANSWERS

app = FastAPI()


@app.post("/predict")
async def predict(body: dict[str, Any]) -> dict[str, Any]:
    """Answers; FastAPI has read the body by then."""
    del body
    return ANSWERS["original"]


@app.get("/health/live")
async def live() -> Response:
    """Listens."""
    return Response()


if __name__ == "__main__":
    uvicorn.run("benchmarks.serving.floor:app", port=int(sys.argv[1]), workers=int(sys.argv[2]), **SERVER)
