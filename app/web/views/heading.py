"""The head of the page: its name and the switch of language."""

from app.web.views import icons
from app.web.words import CHINESE, ENGLISH, both


def heading_html() -> str:
    """Name, purpose and the two languages, each named in itself."""
    languages = "".join(
        f'<button type="button" data-language="{tag}" lang="{tag}">{name}</button>'
        for tag, name in ((CHINESE, "中文"), (ENGLISH, "English"))
    )
    return (
        f'<div class="banner"><span class="brand">{icons.BRAND}</span>'
        f"<div><h1>{both('title')}</h1><p>{both('lede')}</p></div>"
        f'<div class="languages" role="group"><span class="unseen">{both("language")}</span>'
        f"{languages}</div></div>"
    )
