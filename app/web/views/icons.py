"""Signs, drawn: few fonts have them, and the page fetches none."""

_OPEN = (
    '<svg class="icon" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
)


def _drawn(path: str) -> str:
    return f'{_OPEN}<path d="{path}"/></svg>'


BRAND = _drawn("M3 8.5v3M6.5 5.5v9M10 3v14M13.5 6.5v7M17 9v2")
PLAY = _drawn("M7 4.8v10.4l8-5.2z").replace('class="icon"', 'class="icon icon-play"')
PAUSE = _drawn("M7.2 5v10M12.8 5v10").replace('class="icon"', 'class="icon icon-pause"')
DOWNLOAD = _drawn("M10 3.5v9M6.2 9 10 12.8 13.8 9M4 16.5h12")
AGAIN = _drawn("M15.5 10a5.5 5.5 0 1 1-1.7-4M14.2 2.8v3.4h-3.4")
DELETE = _drawn("M4.5 6h11M8 6V4.2h4V6M6 6l.7 10h6.6L14 6M8.7 8.8v4.6M11.3 8.8v4.6")
GOOD = _drawn("M4.5 10.5 8.3 14.3 15.5 6.5")
WARNING = _drawn("M10 3.5 17.5 16.5h-15zM10 8.3v3.8M10 14.4v.01")
UPLOAD = _drawn("M10 13V4M6.2 7.5 10 3.7l3.8 3.8M4 16.5h12")
MICROPHONE = _drawn(
    "M10 3a2.3 2.3 0 0 1 2.3 2.3v4a2.3 2.3 0 0 1-4.6 0v-4A2.3 2.3 0 0 1 10 3z"
    "M5 9.5a5 5 0 0 0 10 0M10 14.5V17"
)
CLOSE = _drawn("M5.5 5.5l9 9M14.5 5.5l-9 9")
CHEVRON = _drawn("M7.5 5l5 5-5 5")
