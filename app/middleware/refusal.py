"""An answer given before the application sees the request."""

from starlette.responses import JSONResponse


def refusal(status: int, code: str, message: str, retry_after: int | None = None) -> JSONResponse:
    """An error that OpenAI's clients and Gradio's (`detail`) both show."""
    error = {"message": message, "type": "server_error", "param": None, "code": code}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JSONResponse({"error": error, "detail": message}, status, headers)
