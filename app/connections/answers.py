"""Answers to clients whose connection is closed."""

from http import HTTPStatus

from starlette.responses import Response

from app.refusal import refusal

_CLIENT = "invalid_request_error"


def slow() -> Response:
    """408: the request did not come in time."""
    return _last(
        408, "slow_request", "the request did not come in time", "请求未能及时发送完毕", _CLIENT
    )


def long_head(most: int) -> Response:
    """431: a head of more than so many bytes."""
    en = f"the request's head has more than {most} bytes"
    return _last(431, "long_head", en, f"请求头超过 {most} 字节", _CLIENT)


def no_place() -> Response:
    """503: there are too many connections."""
    en, zh = "too many connections; try again", "连接数过多，请稍后再试"
    return _last(503, "too_many_connections", en, zh, "server_error")


def as_bytes(answer: Response) -> bytes:
    """An answer as it goes over the wire, where there is no application to give it."""
    head = b"".join(b"%b: %b\r\n" % field for field in answer.raw_headers)
    phrase = HTTPStatus(answer.status_code).phrase.encode()
    return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (answer.status_code, phrase, head, bytes(answer.body))


def _last(status: int, code: str, en: str, zh: str, kind: str) -> Response:
    answer = refusal(status, code, en, zh, kind=kind, retry_after=1 if status == 503 else None)
    answer.headers["Connection"] = "close"
    return answer
