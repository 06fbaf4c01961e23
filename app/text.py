"""Is this a text that can be spoken?"""

import re
import unicodedata

LIMIT = 4096
"""Characters of one request."""


class TextError(ValueError):
    """A text that cannot be spoken; the message says why, in Chinese and English."""


def cleaned(text: str, limit: int = LIMIT) -> str:
    """The text without control characters, NFC, trimmed. Raises ``TextError``."""
    text = unicodedata.normalize("NFC", text)
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Cn"))
    text = re.sub(r"[ \t]+", " ", "".join(kept)).strip()
    if not text:
        raise TextError("请输入文字。 There is no text to speak.")
    if len(text) > limit:
        raise TextError(
            f"文字太长:{len(text)} 字,最多 {limit}。 "
            f"The text has {len(text)} characters, at most {limit} are allowed."
        )
    if not any(unicodedata.category(c)[0] in "LN" for c in text):
        raise TextError("没有可以朗读的文字。 Nothing in this text can be spoken.")
    return text
