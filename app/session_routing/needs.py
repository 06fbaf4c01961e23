"""Need of each of Gradio's requests for a certain node. Pure.

Checked against Gradio 6.31, ``gradio/routes.py``: the queue's events, a session's state, its
streams and an upload's progress live in the memory of one process. Page, configuration and assets
do not; files are found through the folder that all nodes share.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, unquote

_PREFIX = "/gradio_api/"
_ASSET = re.compile(r"/(?:assets|static)/.")
_EVENT = re.compile(r"call/(?:v2/)?[^/]+/(?P<event>[^/]+)/?")
_CALL = re.compile(r"call/(?:v2/)?[^/]+/?")
_STREAM = re.compile(r"stream/(?P<session>[^/]+)/[^/]+/[^/]+/.+")
_PUSH = re.compile(r"stream/(?P<event>[^/]+)/?")
_PUSH_ENDS = re.compile(r"stream/(?P<event>[^/]+)/close/?")
_HEARTBEAT = re.compile(r"heartbeat/(?P<session>[^/]+)/?")
_RUN = re.compile(r"(?:run|api)/[^/]+/?")
# Of a form, as browsers write it: a part that is not a file has its name last in its header.
_FORM_FIELD = re.compile(rb'name="session_hash"\r\n(?:[^\r\n]+\r\n)*\r\n(?P<session>[^\r\n]+)\r\n')


class Kind(StrEnum):
    """Meaning of a request's key."""

    SESSION = "session"
    EVENT = "event"
    UPLOAD = "upload"
    CALL = "call"
    """Begins an event without a session: any node will do, and the answer names the event."""
    FILE = "file"
    MCP = "mcp"
    """MCP's older transport. Its stream may begin anywhere, and has no key yet."""
    LOGIN = "login"
    """Anything from somebody who has logged in; its headers tell."""


@dataclass(frozen=True, slots=True)
class Need:
    """Node that a request needs. ``key`` is None where only its body tells."""

    kind: Kind
    key: str | None = None
    begins: bool = False
    """True if it may be the first of its session."""
    event: str | None = None
    """An event that lives where the session does, and that later requests name alone."""


def need(method: str, path: str, query: bytes) -> Need | None:
    """Derive the need of a request from its first line; None: any node can answer it."""
    _, found, route = path.partition(_PREFIX)
    if not found:
        # During an upgrade the node a page came from may be of another Gradio than this one.
        asset = method == "GET" and _ASSET.search(path)
        return Need(Kind.FILE, path) if asset else None
    if method in ("GET", "HEAD"):
        return _reading(route, query)
    return _writing(route, query) if method == "POST" else None


def _reading(route: str, query: bytes) -> Need | None:
    if route.rstrip("/") in ("queue/data", "deep_link"):
        return _from_query(Kind.SESSION, query, "session_hash")
    if route.rstrip("/") == "upload_progress":
        return _from_query(Kind.UPLOAD, query, "upload_id")
    if found := _HEARTBEAT.fullmatch(route):
        # A page that keeps state sends it before anything else.
        return Need(Kind.SESSION, unquote(found["session"]), begins=True)
    if found := _STREAM.fullmatch(route):
        return Need(Kind.SESSION, unquote(found["session"]))
    if route.rstrip("/") == "mcp/sse":
        return Need(Kind.MCP)
    if found := _EVENT.fullmatch(route):
        return Need(Kind.EVENT, unquote(found["event"]))
    if route.startswith("file="):
        return Need(Kind.FILE, route.removeprefix("file="))
    return None


def _writing(route: str, query: bytes) -> Need | None:
    bare = route.rstrip("/")
    if bare == "queue/join":
        return Need(Kind.SESSION, begins=True)
    if bare == "cancel":
        return Need(Kind.SESSION)
    if bare == "component_server" or _RUN.fullmatch(route):
        return Need(Kind.SESSION, begins=True)
    if bare == "upload":
        return _from_query(Kind.UPLOAD, query, "upload_id")
    if bare == "mcp/messages":
        return _from_query(Kind.MCP, query, "session_id")
    if _CALL.fullmatch(route):
        return Need(Kind.CALL)
    if found := _PUSH_ENDS.fullmatch(route):
        return Need(Kind.EVENT, unquote(found["event"]))
    if found := _PUSH.fullmatch(route):
        return Need(Kind.SESSION, event=unquote(found["event"]))
    return None


def _from_query(kind: Kind, query: bytes, name: str) -> Need | None:
    values = parse_qs(query.decode("latin-1")).get(name)
    return Need(kind, values[0]) if values else None


def session_in_body(body: bytes, content_type: str) -> str | None:
    """The session a body names, or None. Never raises: Gradio itself refuses what is wrong."""
    if content_type.startswith("multipart/form-data"):
        found = _FORM_FIELD.search(body)
        return found["session"].decode("utf-8", "replace") if found else None
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    value = content.get("session_hash") if isinstance(content, dict) else None
    return value if isinstance(value, str) and value else None
