"""Errors of the API, in OpenAI's shape: {"error": {"message", "type", "param", "code"}}."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.api.ascii_json import AsciiJson
from app.errors import InvalidInputError, SpeechError

_log = logging.getLogger("app.api")


def problem(
    status: int,
    message: str,
    kind: str,
    code: str,
    *,
    param: str | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """An error answer."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return AsciiJson({"error": error}, status, headers)


def told(error: SpeechError) -> dict[str, object]:
    """Describe an error to a program; ``message_zh`` is for its Chinese users."""
    field = error.field if isinstance(error, InvalidInputError) else None
    return {
        "message": error.en,
        "message_zh": error.zh,
        "type": error.type,
        "param": field,
        "code": error.code,
    }


def retry_header(error: SpeechError) -> dict[str, str]:
    """Build the ``Retry-After`` header, where the time is known."""
    return {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}


def wrong_fields(error: RequestValidationError) -> str:
    """List the errors in the shape of a request, field by field."""
    return "; ".join(_wrong(found) for found in error.errors()[:10])


def install(web: FastAPI) -> None:
    """Answer every kind of failure of the API's routes in this shape."""

    @web.exception_handler(SpeechError)
    async def speech_error(_request: Request, error: SpeechError) -> JSONResponse:
        return AsciiJson({"error": told(error)}, error.status, retry_header(error))

    @web.exception_handler(RequestValidationError)
    async def wrong_shape(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        kind = "invalid_request_error"
        return problem(400, wrong_fields(error), kind, "invalid_request", param=place or None)

    @web.exception_handler(HTTPException)
    async def refused(_request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers) if error.headers else None
        kind = "invalid_request_error" if error.status_code < 500 else "server_error"
        return problem(
            error.status_code, str(error.detail), kind, str(error.status_code), headers=headers
        )

    @web.exception_handler(ClientDisconnect)
    async def gone(_request: Request, _error: ClientDisconnect) -> JSONResponse:
        # Nobody reads it; the access log tells of the request.
        return problem(400, "the client has gone", "invalid_request_error", "client_gone")

    @web.exception_handler(Exception)
    async def unexpected(_request: Request, error: Exception) -> JSONResponse:
        _log.error("unexpected error", exc_info=error)
        message = "unexpected error; the log has it under the id in X-Request-ID"
        return problem(500, message, "server_error", "internal_error")


def _wrong(found: dict[str, object]) -> str:
    location = found["loc"]
    place = ".".join(str(part) for part in location[1:]) if isinstance(location, tuple) else ""
    return f"{place or 'body'}: {found['msg']}"
