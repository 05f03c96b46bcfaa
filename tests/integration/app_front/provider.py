"""An identity provider: OpenID Connect's code flow over real HTTP, with signed tokens, PKCE and a log-in page."""

import base64
import hashlib
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from readmission import clock
from readmission.clock import epoch

CLIENT, SECRET = "readmission-form", "what-the-provider-gave"


@dataclass
class Provider:
    """Where it listens, whom it knows, and what it was asked."""

    redirect_uri: str
    address: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    published: RSAKey | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    left: int = 0
    codes: dict[str, tuple[dict[str, str], str]] = field(default_factory=dict)

    @property
    def metadata_url(self) -> str:
        """Where it describes itself."""
        return f"{self.address}/.well-known/openid-configuration"

    def app(self) -> FastAPI:
        """The provider as an application."""
        app = FastAPI()
        app.add_api_route("/.well-known/openid-configuration", self._metadata)
        app.add_api_route("/keys", lambda: KeySet([self.published or self.key]).as_dict(private=False))
        app.add_api_route("/authorize", self._log_in, response_class=HTMLResponse)
        app.add_api_route("/authorize", self._logged_in, methods=["POST"], response_model=None)
        app.add_api_route("/token", self._token, methods=["POST"])
        app.add_api_route("/leave", self._leave, response_model=None)
        return app

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "end_session_endpoint": f"{self.address}/leave",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def _log_in(self, request: Request) -> str:
        asked = dict(request.query_params)
        _require(asked["client_id"] == CLIENT and asked["redirect_uri"] == self.redirect_uri, "an unknown client")
        _require("openid" in asked["scope"] and asked["response_type"] == "code", "not OpenID Connect")
        _require(asked["code_challenge_method"] == "S256" and bool(asked["nonce"]), "no PKCE or nonce")
        self.asked.append(asked)
        return f"""<form method="post" action="/authorize?number={len(self.asked) - 1}">
            <label>Account <input name="email"></label><button>Log in</button></form>"""

    def _logged_in(self, number: int, email: str = Form()) -> RedirectResponse:
        asked, code = self.asked[number], secrets.token_urlsafe(16)
        self.codes[code] = (asked, email)
        found = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{self.redirect_uri}?{found}", status_code=303)

    def _token(
        self, request: Request, code: str = Form(), redirect_uri: str = Form(), code_verifier: str = Form()
    ) -> dict[str, Any]:
        given = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        _require(request.headers["authorization"] == f"Basic {given}", "not the client's secret")
        asked, email = self.codes.pop(code)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
        _require(asked["code_challenge"] == challenge and redirect_uri == self.redirect_uri, "not who asked")
        now = int(epoch(clock.now()))
        claims = {"iss": self.address, "aud": CLIENT, "sub": email, "iat": now, "exp": now + 300}
        claims |= {"nonce": asked["nonce"], "email": email, "email_verified": True} | self.claims
        signed = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        return {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "id_token": signed}

    def _leave(self, post_logout_redirect_uri: str) -> RedirectResponse:
        _require(post_logout_redirect_uri == self.redirect_uri, "an unknown address")
        self.left += 1
        return RedirectResponse(post_logout_redirect_uri)


@contextmanager
def provider(redirect_uri: str) -> Iterator[Provider]:
    """One that listens, until the block ends."""
    found = Provider(redirect_uri)
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        found.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(found.app(), log_level="error", ws="none", lifespan="off"))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield found
        finally:
            server.should_exit = True
            thread.join(timeout=30)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise HTTPException(400, otherwise)
