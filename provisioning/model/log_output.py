"""Places that lines are sent on to by the log host, beside the files that it keeps."""

from typing import Annotated, Literal

from pydantic import Field

from .base import Name, Part
from .paths import LocalPath
from .secrets.secret import Secret

_Url = Annotated[
    str,
    Field(
        pattern=r"^https?://([A-Za-z0-9_.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?(/[A-Za-z0-9_./~-]*)?$",
        examples=["https://logs.example.org:9200"],
    ),
]
_User = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029:]{1,255}$")]


class _Output(Part):
    """Keys of every output."""

    username: _User | None = None
    """Account there, for HTTP's basic authentication; absent, none is needed."""
    password: Secret | None = None
    """Of that account."""
    ca: LocalPath | None = None
    """PEM file on the control machine with the authority that vouches for the server; absent,
    those that Debian trusts."""


class ElasticsearchOutput(_Output):
    """Elasticsearch or OpenSearch, by the bulk API that both have."""

    type: Literal["elasticsearch"] = "elasticsearch"
    """``elasticsearch``"""
    name: Name = "elasticsearch"
    """Distinct."""
    urls: Annotated[list[_Url], Field(min_length=1)]
    """Servers of one cluster, of which one that answers is used."""
    # Theirs: lower case, and no - or _ in front.
    index: Annotated[
        str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,199}$", examples=["cosyvoice"])
    ] = "cosyvoice"
    """Index that lines go to."""
    daily: bool = True
    """An index a day (UTC): ``index``-2026.01.31. Otherwise ``index`` itself, which may be a data
    stream or an alias."""


class LokiOutput(_Output):
    """Loki, by its push API."""

    type: Literal["loki"] = "loki"
    """``loki``"""
    name: Name = "loki"
    """Distinct."""
    url: _Url
    """The server, in front of ``/loki/api/v1/push``."""
    tenant: Annotated[str, Field(pattern=r"^[A-Za-z0-9!_.*'()-]{1,150}$")] | None = None
    """Sent as ``X-Scope-OrgID``, where Loki has several tenants."""


LogOutput = Annotated[ElasticsearchOutput | LokiOutput, Field(discriminator="type")]
