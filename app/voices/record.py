"""Facts about a registered voice: the JSON file beside its recording."""

import re
import secrets
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

_ID = re.compile(r"voice_[0-9a-f]{16}")


class RegisteredVoice(BaseModel):
    """A registered voice. Keys it does not know are ignored: nodes of two releases share the
    folder."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(pattern=f"^{_ID.pattern}$")
    name: str
    language: str
    """BCP 47 tag; empty where nobody said."""
    transcript: str
    """The words in the recording; empty where nobody said."""
    created: datetime
    node: str
    """Node on which it was registered."""
    duration: float
    """Seconds."""
    owner: str = ""
    """Whose it is; see ``app.access.ownership``. A record of an older release has none."""


def new_id() -> str:
    """An id no other node makes."""
    return f"voice_{secrets.token_hex(8)}"


def is_id(text: str) -> bool:
    """Tell whether this can be a registered voice's id. A text with a path in it never is."""
    return _ID.fullmatch(text) is not None
