"""While speech is played as it is made: that it is, and how to stop listening."""

from app.web.words import both

LIVE = (
    f'<div class="live-note"><span class="levels"><i></i><i></i><i></i></span>'
    f'<span>{both("live")}</span><button type="button" id="mute">{both("mute")}</button></div>'
)
"""A template without the value, which is sound (see `scripts/live.js`)."""
