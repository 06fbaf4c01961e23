"""HTTP/1.1 as uvicorn speaks it, with limits for what it leaves without: the time and size of a
request's head, the pace of its body, an answer that nobody takes, the number of connections, and
jobs that are asked for again and again."""

import asyncio
import socket
import struct
from typing import Any, cast

from starlette.responses import Response
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from . import answers
from .body_pace import BodyPace
from .causes import Cause
from .connections import Connections
from .early import HELD, Early, EarlyAnswer, Watched, holding_time

_LOOKS = 30
"""Number of looks at a body or an answer in the time that it may pause."""
_BYTES_ACKED = struct.Struct("120xQ")
"""Bytes that the other side has, in Linux's ``struct tcp_info`` (include/uapi/linux/tcp.h)."""


class LimitedProtocol(HttpToolsProtocol):
    """Protocol of a connection with limits. An answer that takes its time is never cut: limits are
    for what the client owes, and only while nothing else is in its way. To take what waits for it
    is owed too."""

    shared: Connections
    """Set by ``limited``."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        limits = self.shared.limits
        self._loose = 0
        """Bytes since the last end of a head, of a message, or of a piece of body: half a head,
        mostly, which the parser keeps in memory."""
        self._fields = 0
        """Bytes of the last request's header and trailer fields."""
        self._body_owed = False
        self._pace = BodyPace(limits.body_pause, limits.body_rate)
        self._timer: asyncio.TimerHandle | None = None
        self._taking = BodyPace(limits.answer_pause, limits.answer_rate)
        self._taken = 0
        """Bytes that the client had when its reading was looked at."""
        self._unread: asyncio.TimerHandle | None = None
        """Look whether the client reads; only while something waits here for it to do so."""
        self._over = False
        """The client has been told to go; whatever else it sends is thrown away."""
        self._next_job = 0.0
        """Time from which the next job may be asked for, by the loop's clock."""
        self._held: asyncio.TimerHandle | None = None
        """Ends the time in which a request is held back."""

    # What asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, or say that there is none."""
        super().connection_made(transport)
        if self.shared.admit(self, self.client[0] if self.client else ""):
            self._after(self.shared.limits.head_time, self._head_is_late)
        else:
            self.shared.closed[Cause.NO_PLACE] += 1
            self._over = True
            transport.write(answers.as_bytes(answers.no_place()))
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Parse what came, and see what is still owed."""
        if self._over:
            return
        self._loose += len(data)
        self._pace.came(len(data))
        super().data_received(data)
        if max(self._loose, self._fields) > self.shared.limits.head_size:
            self._dismiss(Cause.LONG_HEAD, answers.long_head(self.shared.limits.head_size))
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._forget_timer()
        for timer in filter(None, (self._held, self._unread)):
            timer.cancel()
        self.shared.register.leave(self)
        super().connection_lost(exc)

    # What the parser calls

    def on_message_begin(self) -> None:
        """A head begins, and may do so in the middle of what came."""
        super().on_message_begin()
        self._fields = 0
        self._loose = self._loose or 1

    def on_url(self, url: bytes) -> None:
        """Count the URL's bytes."""
        self._fields += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a field's bytes; trailers are such fields too."""
        self._fields += len(name) + len(value) + len(": \r\n")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Answer the request, which is refused where its head came whole and is too long."""
        self._loose = 0
        self._forget_timer()
        self._body_owed = True
        self._pace.begin()
        self.shared.register.begin(self)
        most = self.shared.limits.head_size
        if self._fields > most:
            self._fields = 0
            self._over = True
            self.shared.closed[Cause.LONG_HEAD] += 1
            self.app = answers.long_head(most)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Note that a piece of the body has come."""
        self._loose = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The client owes nothing more."""
        self._loose = 0
        self._body_owed = False
        super().on_message_complete()

    # What the application's answers call

    def on_response_complete(self) -> None:
        """Idle, unless more requests have come meanwhile, or much of the answer is still here."""
        super().on_response_complete()
        # Nothing else would tell of the last of it, which may be less than makes writing pause.
        self._watch_reading()
        self._rest_if_idle()

    def pause_writing(self) -> None:
        """The client has not taken so much of an answer that no more is written."""
        super().pause_writing()
        self._watch_reading()

    def resume_writing(self) -> None:
        """The client has taken so much of an answer that the rest is the system's."""
        super().resume_writing()
        self._rest_if_idle()

    def _rest_if_idle(self) -> None:
        if self._answering or self.flow.write_paused:
            return
        self.shared.register.end(self)
        self._expect()

    # Who answers, and when

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Answer a request, whose turn it is on this connection. See uvicorn."""
        early, scope = self.shared.early, cast(Scope, cycle.scope)
        self.shared.proxies.settle(scope)
        if self._over or early is None or not early.begins_job(scope):
            super()._start_asgi_task(cycle, app)
        elif (seconds := self._next_job - self.loop.time()) > 0:
            scope[HELD] = round(seconds, 3)
            self._held = self.loop.call_later(seconds, self._let_go, early, cycle, app)
        else:
            self._begin_job(early, cycle, app)

    def _let_go(self, early: Early, cycle: RequestResponseCycle, app: Any) -> None:
        self._held = None
        if not (cycle.disconnected or self.transport.is_closing()):
            self._begin_job(early, cycle, app)

    def _begin_job(self, early: Early, cycle: RequestResponseCycle, app: Any) -> None:
        # Whoever does not read answers gets no more of them; uvicorn waits for that.
        refused = None if self.flow.write_paused else early.refuse(cast(Scope, cycle.scope))
        if refused is None:
            watched: Any = Watched(app, early, self._sent_away)
            super()._start_asgi_task(cycle, watched)
        else:
            self._sent_away(refused.retry_after)
            self._refuse(cycle, refused)

    def _sent_away(self, retry_after: float) -> None:
        self._next_job = self.loop.time() + holding_time(retry_after)

    def _refuse(self, cycle: RequestResponseCycle, answer: EarlyAnswer) -> None:
        """The answer, as the cycle would have sent it for the application."""
        own = b"".join(b"%b: %b\r\n" % field for field in self.server_state.default_headers)
        close = b"" if cycle.keep_alive else b"connection: close\r\n"
        head = STATUS_LINE[answer.status] + own + answer.fields + close
        self.transport.write(head + b"\r\n" + answer.body)
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    # What is owed

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _body_wanted(self) -> bool:
        """True while nothing but the client keeps its body from coming."""
        if self.flow.read_paused or self.pipeline or self._held:
            return False
        begun = self._answering and self.cycle.response_started
        return not (begun or self.cycle.waiting_for_100_continue)

    def _expect(self) -> None:
        """Set the clock for what the client owes, where none runs."""
        if self._timer is not None or self._over or self.transport.is_closing():
            return
        if self._body_owed:
            self._after(self.shared.limits.body_pause / _LOOKS, self._look_at_body)
        elif self._loose and not self._answering:
            self._after(self.shared.limits.head_time, self._head_is_late)

    def _head_is_late(self) -> None:
        self._timer = None
        if self._loose:
            self._dismiss(Cause.SLOW_HEAD, answers.slow())
        else:
            # A browser that opened it in advance would take an answer for that to its next request.
            self.shared.closed[Cause.SILENT] += 1
            self.transport.close()

    def _look_at_body(self) -> None:
        self._timer = None
        seconds = self.shared.limits.body_pause / _LOOKS
        if self._body_owed and self._body_wanted and not self._pace.waited(seconds):
            self._dismiss(Cause.SLOW_BODY, answers.slow())
        self._expect()

    def _watch_reading(self) -> None:
        """Set the clock for what the client has to take, where none runs."""
        if self._unread is None and self.transport.get_write_buffer_size():
            self._taking.begin()
            self._taken = self._acknowledged()
            self._look_at_reading_later()

    def _look_at_reading_later(self) -> None:
        seconds = self.shared.limits.answer_pause / _LOOKS
        self._unread = self.loop.call_later(seconds, self._look_at_reading)

    def _look_at_reading(self) -> None:
        self._unread = None
        if not self.transport.get_write_buffer_size():
            return
        taken = self._acknowledged()
        self._taking.came(taken - self._taken)
        self._taken = taken
        if self._taking.waited(self.shared.limits.answer_pause / _LOOKS):
            self._look_at_reading_later()
        else:
            self.shared.closed[Cause.SLOW_READER] += 1
            self._over = True
            # Closing would wait for the client to take the rest.
            self.transport.abort()

    def _acknowledged(self) -> int:
        """Bytes that the client's system has. What is left in the transport tells less: the system
        takes more of it when a good part of its own buffer is free, megabytes at a time."""
        own: socket.socket = self.transport.get_extra_info("socket")
        info = own.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED.size)
        return int(_BYTES_ACKED.unpack(info)[0])

    # How it ends

    def make_room(self) -> None:
        """Close an idle connection for the sake of a new one."""
        self.shared.closed[Cause.MADE_ROOM] += 1
        self._over = True
        self.transport.close()

    def _dismiss(self, cause: Cause, answer: Response) -> None:
        """Tell the client why, unless an answer is on its way already, and close."""
        if self._over or self.transport.is_closing():
            return
        self.shared.closed[cause] += 1
        self._over = True
        if self._answering and not self._body_owed:
            # What was asked for before is answered to its end.
            self.cycle.keep_alive = False
        elif self._answering and (self.cycle.response_started or self.pipeline or self._held):
            self.transport.close()
        else:
            self._say_farewell(answer)

    def _say_farewell(self, answer: Response) -> None:
        if not (self._body_owed and self.cycle.response_complete):
            self.transport.write(answers.as_bytes(answer))
        if self._answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.shared.register.end(self)
        # Closed at once, the system would reset a connection on which more comes, and the answer
        # could be lost.
        self.transport.write_eof()
        self._unset_keepalive_if_required()
        self._forget_timer()
        self._after(self.shared.limits.farewell, self.transport.close)

    def _after(self, seconds: float, do: Any) -> None:
        self._timer = self.loop.call_later(seconds, do)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def limited(connections: Connections) -> type[LimitedProtocol]:
    """The protocol of one server, whose connections share these limits."""

    class Protocol(LimitedProtocol):
        shared = connections

    return Protocol
