"""An answer given before the application sees the request."""

from starlette.responses import JSONResponse

from app.errors import SpeechError


def refusal(
    status: int,
    code: str,
    en: str,
    zh: str,
    *,
    kind: str = "server_error",
    retry_after: int | None = None,
) -> JSONResponse:
    """An error that the clients of all routes show: OpenAI's, Gradio's (``detail``), and the older
    ones of audio-generate (``code``, ``message``)."""
    error = {"message": en, "message_zh": zh, "type": kind, "param": None, "code": code}
    body = {"error": error, "detail": en, "code": str(status), "message": zh}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JSONResponse(body, status, headers)


def refusal_of(error: SpeechError) -> JSONResponse:
    """The same of an error that is known."""
    return refusal(
        error.status,
        error.code,
        error.en,
        error.zh,
        kind=error.type,
        retry_after=error.retry_after,
    )
