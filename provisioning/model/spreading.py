"""The way in which big files come to real servers: from the one to the next."""

from typing import Annotated

from pydantic import Field

from .base import Part, Port, Whole


class Spreading(Part):
    """Artifacts, and wheels of ``app.venv.wheelhouse``, are sent to one real server, which passes
    them on to the next while they arrive, and so on. TLS, with a certificate of that run."""

    port: Port | None = 7859
    """TCP port that real servers open to each other for as long as that lasts; null sends them to
    each real server from the control machine."""
    megabytes_per_second: Annotated[Whole, Field(ge=1, le=100_000)] = 100
    """Most that a real server sends. 100 leaves a fifth of a link of 1 Gbit/s to its clients."""
