"""Edges: hosts with Nginx that admit programs' requests, one at a time in charge of their VIP."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from ..node_api import GENERATE, SPEECH
from .base import Part, Port, Seconds, Whole
from .hosts import Group, Host, IPAddress, address_only
from .tls.tls import ServerName
from .vrrp import VirtualIPEntry


class Admission(StrEnum):
    """Requests that an edge lets through to a node."""

    STRICT = "strict"
    """As many as the node can run at a time; the others are refused at once."""
    QUEUE = "queue"
    """As many as it can run and keep in line (``app.queue_size``)."""


class LogFormat(StrEnum):
    """The form of an edge's record of requests."""

    JSON = "json"
    """An object a line."""
    TEXT = "text"
    """Nginx's usual line, with times and nodes behind it."""


class Edge(Host):
    """A machine that admits requests."""


EdgeEntry = Annotated[Edge, BeforeValidator(address_only, json_schema_input_type=IPAddress | Edge)]
RequestPath = Annotated[
    str,
    Field(
        pattern=r"^/[^\s\x00-\x1f\x7f-\x9f\u2028\u2029$%?#]*$",
        max_length=255,
        examples=[SPEECH],
    ),
]
"""The beginning of a request's path, as it is without percent signs."""


class Paths(Part):
    """Requests that are passed on, by the beginnings of paths; the longest counts. Anything else is
    404."""

    jobs: list[RequestPath] = [GENERATE, SPEECH]
    """Those that take a slot of a node."""
    others: list[RequestPath] = ["/v1/", "/outputs/"]
    """Those that take none and are passed on without a limit. ``/`` is the page, and all else."""


class Edges(Group[EdgeEntry]):
    """The machines that admit requests; the first is master while it lives."""

    host_type = Edge

    vip: VirtualIPEntry
    """Their virtual IP, which is none of the directors'."""
    port: Port = 9080
    """Where clients ask. With ``tls`` they ask on its port, and here is a redirect, unless
    ``tls.only`` is false."""
    names: list[ServerName] = []
    """Names by which clients may ask, beside the VIP; absent is any."""
    admission: Admission = Admission.STRICT
    """What becomes of requests that no slot is free for: ``strict`` refuses them, ``queue`` leaves
    them to the nodes' line."""
    per_client: Annotated[Whole, Field(ge=1, le=65535)] | None = None
    """Jobs of one address at a time; absent is half of all."""
    paths: Paths = Paths()
    """What is passed on."""
    max_upload: Annotated[Whole, Field(ge=1, le=1024)] = 100
    """MiB of a request's body."""
    connect_timeout: Seconds = 2.0
    """Seconds until another node is tried."""
    answer_timeout: Annotated[Whole, Field(ge=1, le=3600)] = 300
    """Seconds in which a node must send something of its answer."""
    retry_after: Annotated[Whole, Field(ge=1, le=3600)] = 2
    """Seconds after which those that are refused are told to come again."""
    log_format: LogFormat = LogFormat.JSON
    """Form of the record of requests."""
