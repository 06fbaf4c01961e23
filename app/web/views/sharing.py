"""Ways to use an output elsewhere: its address, and the request that makes it again."""

from ..words import both


def sharing_html() -> str:
    """Buttons that copy; ``scripts/sharing.js`` does it. They stand in an element that has the
    output's record and address."""
    named = (("link", "copy_link"), ("curl", "copy_curl"), ("python", "copy_python"))
    buttons = "".join(
        f'<button type="button" data-copy="{what}">{both(key)}</button>' for what, key in named
    )
    return f'<div class="sharing">{buttons}</div>'
