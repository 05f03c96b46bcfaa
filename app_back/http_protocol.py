"""Closes connections that keep the service waiting or send no HTTP, and tells why in the one error shape.

A request must come whole within a time of its own, and its head has a largest size.
"""

from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app_back.errors import HTTP_CODES
from app_back.schemas import ErrorDetail, ErrorResponse

MAX_HEAD_BYTES = 64 * 1024
REQUEST_SECONDS = 10.0
IDLE_SECONDS = 65


_NO_HTTP = (b"400 Bad Request", HTTP_CODES[400], "this is no HTTP request that can be read")
_HEAD_TOO_LARGE = (
    b"431 Request Header Fields Too Large",
    HTTP_CODES[431],
    f"address and headers are larger than {MAX_HEAD_BYTES} bytes",
)


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself waits for a request's headers and body without end.

    A connection has `REQUEST_SECONDS` to send its first request, and each later one as long from its first byte;
    between two it may be idle for `IDLE_SECONDS`, uvicorn's own `timeout_keep_alive`.
    """

    _deadline: TimerHandle | None = None
    _awaited = False
    _in_head = False
    _head_bytes = 0  # at most: all that has come since the head began

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """The first request is awaited."""
        super().connection_made(transport)
        self._await_request()

    def on_message_begin(self) -> None:
        """A request has begun."""
        super().on_message_begin()
        self._in_head = self._awaited = True

    def data_received(self, data: bytes) -> None:
        """A head that goes on and on is refused before it is whole."""
        begun = self.headers if self._in_head else None
        self._head_bytes = self._head_bytes + len(data) if self._in_head else len(data)
        super().data_received(data)
        if self._awaited:
            self._await_request()
        if self._in_head and self.headers is begun and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(*_HEAD_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """The head is whole: one that came at once may be too large all the same."""
        self._in_head = False
        if self._head_bytes > MAX_HEAD_BYTES:
            self._head_bytes = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if self._head_bytes > MAX_HEAD_BYTES:
                raise ValueError("too large")  # which uvicorn's parser takes for no HTTP
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Tells what could not be read, and closes; `msg` is uvicorn's own."""
        del msg
        self._refuse(*(_HEAD_TOO_LARGE if self._head_bytes > MAX_HEAD_BYTES else _NO_HTTP))

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._awaited = False
        self._no_deadline()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._no_deadline()
        super().connection_lost(exc)

    def _refuse(self, status: bytes, code: str, message: str) -> None:
        if self.transport.is_closing():
            return
        error = ErrorResponse(error=ErrorDetail(code=code, message=message))
        body = error.model_dump_json(exclude_none=True).encode()
        told = {b"content-type": b"application/json", b"content-length": b"%d" % len(body), b"connection": b"close"}
        headers = b"".join(b"%s: %s\r\n" % header for header in [*self.server_state.default_headers, *told.items()])
        self.transport.write(b"HTTP/1.1 %s\r\n%s\r\n%s" % (status, headers, body))
        self.transport.close()

    def _await_request(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def _no_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.close()
