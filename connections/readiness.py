"""What the prediction service, which answers, says that it does without: its database, say. Standard library alone."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

_ANSWER_SECONDS = 5


def remark(address: str) -> str:
    """Its problems in its own words, empty where all is well; past proxies. `address` is as `http://127.0.0.1:8000`."""
    try:
        status, told = _told(f"{address}/health/ready")
        return " ".join(told["problems"]) if status == 200 else f"not ready ({status}): {told['error']['message']}"
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        return f"does not say whether it is ready ({type(error).__name__})"


def _told(url: str) -> tuple[int, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_ANSWER_SECONDS) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)
