"""The live checks: of a recording as soon as it is there, of annotations while they are typed."""

import logging
from dataclasses import replace
from pathlib import Path

from app.annotations import check
from app.errors import SpeechError
from app.recordings import Recordings
from app.sound.clip import ClipLimits
from app.voices.clip_store import ClipStore
from app.web.views.marks import marks_html
from app.web.views.verdict import bad_html, good_html

_log = logging.getLogger("app.page")


class LiveValidator:
    """Validation of a request before it is made."""

    def __init__(self, limits: ClipLimits | None, recordings: Recordings) -> None:
        self._limits = limits
        self._recordings = recordings

    async def hear(self, value: str | None) -> str:
        """Check a recording and describe it; empty where there is none."""
        assert self._limits is not None
        try:
            with self._recordings.desk() as desk:
                recording = await desk.fetch(value)
                if value is None or recording is None:
                    return ""
                clip = await ClipStore(desk.folder).prepare(recording, self._limits, "reference")
                # Beside the upload, which every node can read and this page can play.
                beside = Path(value).parent / clip.path.name
                clip = replace(clip, path=await self._recordings.keep(clip.path, beside))
        except SpeechError as error:
            _log.warning("recording refused: %s", error.en, extra={"code": error.code})
            return bad_html(error)
        # What the engine gets is what is played: every browser can, whatever was uploaded.
        return good_html(clip)

    def read(self, text: str | None) -> str:
        """List the wrong annotations of a text."""
        return marks_html(check(text or ""))
