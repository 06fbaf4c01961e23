"""Page that the directors themselves show while no real server can."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from .base import Part, Whole, on_or_off
from .paths import LocalPath


class SorryPage(Part):
    """Answer of the directors while a service's quorum is lost: to browsers a page in Chinese and
    English, to programs an error in the API's form; 503, and by HTTP alone."""

    html: LocalPath | None = None
    """File on the control machine with a page of your own, in UTF-8: one file, as nothing else is
    served beside it."""
    retry_after: Annotated[Whole, Field(ge=1, le=86_400)] = 60
    """Seconds after which clients are asked to come again (Retry-After, RFC 9110, section
    10.2.3)."""


SorryPageEntry = Annotated[
    SorryPage | None,
    BeforeValidator(on_or_off, json_schema_input_type=bool | SorryPage | None),
]
