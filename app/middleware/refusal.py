"""An answer given before the application sees the request."""

from starlette.responses import JSONResponse


def refusal(status: int, code: str, message: str, retry_after: int | None = None) -> JSONResponse:
    """An error that the clients of all routes show: OpenAI's, Gradio's (`detail`), and the older
    ones of audio-generate (`code`, `message`)."""
    error = {"message": message, "type": "server_error", "param": None, "code": code}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    body = {"error": error, "detail": message, "code": str(status), "message": message}
    return JSONResponse(body, status, headers)
