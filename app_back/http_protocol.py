"""Closes connections that keep the service waiting: a request must come whole within a time of its own."""

from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_SECONDS = 10.0
IDLE_SECONDS = 65


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself waits for a request's headers and body without end.

    A connection has `REQUEST_SECONDS` to send its first request, and each later one as long from its first byte;
    between two it may be idle for `IDLE_SECONDS`, uvicorn's own `timeout_keep_alive`.
    """

    _deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """The first request is awaited."""
        super().connection_made(transport)
        self._await_request()

    def on_message_begin(self) -> None:
        """A request has begun."""
        super().on_message_begin()
        self._await_request()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._no_deadline()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._no_deadline()
        super().connection_lost(exc)

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
