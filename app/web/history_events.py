"""The history's events: look, delete, and fill the form for another time."""

import logging
from typing import Any

import gradio as gr

from ..access.ownership import MINE, Caller
from ..engines.interface import EngineInfo, Mode
from ..errors import SpeechError
from ..outputs.names import is_stem
from ..outputs.store import OutputStore
from ..recordings import Recordings
from .event_caller import caller_of_event
from .form import FORMATS
from .views.history import MOST_SHOWN, history_html, no_history_html
from .views.status import note_html, trouble_html

SHOWN = 20
"""Outputs at first, and how many more each time."""
_log = logging.getLogger("app.page")


class HistoryEvents:
    """The shared history as one node sees it. ``whose`` is ``mine``, or ``all`` that the reader may
    see."""

    def __init__(self, store: OutputStore, engine: EngineInfo, recordings: Recordings) -> None:
        self._store = store
        self._engine = engine
        self._recordings = recordings

    async def look(self, query: str | None, whose: str | None, request: gr.Request) -> str:
        """The newest outputs that match."""
        return await self._list(query, whose, caller_of_event(request), SHOWN)

    async def look_further(
        self, query: str | None, whose: str | None, request: gr.Request, event: gr.EventData
    ) -> str:
        """Show more of them, or as many from further back."""
        shown = event._data.get("count")
        count = shown if isinstance(shown, int) and 0 <= shown < MOST_SHOWN else SHOWN
        return await self._list(query, whose, caller_of_event(request), count + SHOWN)

    async def delete(
        self, query: str | None, whose: str | None, request: gr.Request, event: gr.EventData
    ) -> tuple[str, str]:
        """Delete one output; what to say, and what is left."""
        stem = str(event._data.get("stem", ""))
        try:
            gone = is_stem(stem) and await self._delete(stem, caller_of_event(request))
        except SpeechError as error:
            return trouble_html(error), await self.look(query, whose, request)
        _log.info("deleted" if gone else "nothing to delete", extra={"output": stem[:120]})
        said = note_html("deleted" if gone else "already_gone")
        return said, await self.look(query, whose, request)

    async def _delete(self, stem: str, caller: Caller) -> bool:
        """Tell whether it was there for the caller to delete: the page shows no button where it is
        not."""
        allowed = caller.deletes(await self._store.owner(stem))
        return allowed and await self._store.delete(stem)

    async def again(self, event: gr.EventData) -> list[Any]:
        """Return a message, and the values of mode, text, voice, registered voice, reference,
        transcript, source, instruction, speed, seed, lock, stream and format that make the same
        audio. Recordings are those that this browser has sent and the node still has."""
        record = event._data.get("record")
        told: dict[str, Any] = record if isinstance(record, dict) else {}
        registered = str(told.get("registered_voice") or "")
        reference, source = await self._still_there(event._data.get("recordings"))
        mode = told.get("mode", Mode.PRESET.value)
        known = mode in {offered.value for offered in self._engine.modes}
        lacks_reference = told.get("reference_digest") and not (registered or reference)
        lacks_source = told.get("source_digest") and not source
        file_format = told.get("format")
        return [
            note_html("again_clip" if lacks_reference or lacks_source else "again_done"),
            mode if known else gr.skip(),
            told.get("text", ""),
            told.get("voice") or gr.skip(),
            registered,
            reference,
            told.get("reference_transcript", "") if reference else "",
            source,
            told.get("instruction", ""),
            told.get("speed", 1.0),
            told.get("seed"),
            True,
            bool(told.get("stream", False)),
            file_format if file_format in FORMATS else gr.skip(),
        ]

    async def _still_there(self, told: Any) -> tuple[str, str]:
        """Reference and source, each empty where it is not there any more."""
        paths = [str(path) for path in told] if isinstance(told, list) else []
        found = []
        for path in (*paths, "", "")[:2]:
            try:
                found.append(path if path and await self._recordings.is_there(path) else "")
            except SpeechError:
                found.append("")
        return found[0], found[1]

    async def _list(self, query: str | None, whose: str | None, caller: Caller, count: int) -> str:
        wanted = (query or "").strip()
        owners = caller.listed(own=whose == MINE)
        try:
            found = await self._store.search(wanted, count, owners=owners)
        except SpeechError as error:
            return no_history_html(error)
        return history_html(found, self._engine, wanted, caller)
