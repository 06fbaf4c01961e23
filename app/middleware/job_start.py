"""Start of a job: the middleware that may refuse a job is asked then, not at every look.

A route of the API begins one by its path, and is refused before its body is read. Which of the
page's functions a request is for stands in its body, in three ways that Gradio reads: there the
page tells when it comes to one that speaks (``begin``).
"""

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import SpeechError

INFERENCE = (
    "/inference_sft",
    "/inference_zero_shot",
    "/inference_cross_lingual",
    "/inference_instruct",
    "/inference_instruct2",
    "/inference_vc",
)
"""Routes of CosyVoice's own server; they begin a job by GET, too."""
SPEECH = "/v1/audio/speech"
CAPTIONED = "/dev/captioned_speech"
SPEAKS = frozenset({SPEECH, CAPTIONED, "/AIVoice/TTS/CosyVoice2/audio-generate", *INFERENCE})
"""Routes of the API that begin a job."""
_CHECKS = "cosyvoice.job_checks"
"""Key in the ASGI scope: checks that a job of this request has not passed."""

Check = Callable[[], Awaitable[Response | None]]
"""Lets a job begin, or gives the answer that refuses it."""


class JobRefusedError(SpeechError):
    """A layer around the application has refused the job; it answers the request itself."""


async def begin(scope: Scope) -> None:
    """Tell the layers that a request begins a job; again, it is the same one. Raises
    ``JobRefusedError``."""
    checks: list[Check] = scope.get(_CHECKS, [])
    while checks:
        if await checks[0]() is not None:
            raise JobRefusedError("refused", "this job may not begin now", "目前不能开始")
        del checks[0]


async def checked(app: ASGIApp, check: Check, scope: Scope, receive: Receive, send: Send) -> None:
    """Have ``app`` serve a request; ``check`` is asked once, when it begins a job."""
    if scope["type"] != "http" or not _may_begin(scope):
        await app(scope, receive, send)
    elif scope["path"] in SPEAKS:
        await (await check() or app)(scope, receive, send)
    else:
        await _when_it_begins(app, check, scope, receive, send)


def _may_begin(scope: Scope) -> bool:
    return scope["method"] == "POST" or (scope["method"] == "GET" and scope["path"] in INFERENCE)


async def _when_it_begins(
    app: ASGIApp, check: Check, scope: Scope, receive: Receive, send: Send
) -> None:
    refusal: Response | None = None
    started = False

    async def ask() -> Response | None:
        nonlocal refusal
        refusal = await check()
        return refusal

    async def answer(message: Message) -> None:
        nonlocal started
        if refusal is None or started:
            started = True
            await send(message)

    scope.setdefault(_CHECKS, []).append(ask)
    await app(scope, receive, answer)
    if refusal is not None and not started:
        await refusal(scope, receive, send)
