"""A field for a recording: choose a file or speak. ``scripts/clip.js`` brings it to life."""

from ...sound.clip import ClipLimits
from ..words import both
from . import icons


def clip_template(label: str, limits: ClipLimits | None) -> str:
    """The field, empty. It has no value in it: what is said of the recording stands below."""
    name = f"clip-{label}"
    told = (
        both(
            "clip_limits",
            f"{limits.shortest:g}",
            f"{limits.longest:g}",
            f"{limits.lowest_rate / 1000:g}",
        )
        if limits
        else ""
    )
    return (
        f'<div class="clip-field" role="group" aria-labelledby="{name}">'
        f'<div class="clip-head"><span id="{name}" class="clip-name">{both(label)}</span>'
        f'<span class="hint">{told}</span></div>'
        f'<div class="clip-ways"><label class="clip-file">{icons.UPLOAD}'
        f'<span>{both("upload")}</span><span class="clip-drop">{both("or_drop")}</span>'
        f'<input type="file" accept="audio/*,video/*,.opus,.amr,.flac,.m4a"></label>'
        f'<button type="button" class="clip-record">{icons.MICROPHONE}'
        f'<span class="clip-start">{both("record")}</span>'
        f'<span class="clip-stop">{both("stop_recording")} <output>0.0</output></span>'
        f'</button></div><p class="clip-why hint" hidden>{both("record_needs_https")}</p>'
        '<p class="clip-note hint"></p></div>'
    )
