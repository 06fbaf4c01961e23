"""JSON in which everything beyond ASCII is escaped."""

import json
from typing import Any

from starlette.responses import JSONResponse


class AsciiJson(JSONResponse):
    """An answer that may repeat what a client sent: half of a surrogate pair, which JSON can say
    and UTF-8 cannot, comes back as it came."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, ensure_ascii=True, allow_nan=False).encode("ascii")
