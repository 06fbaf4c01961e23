"""Conversion of the form's fields to a request."""

from dataclasses import dataclass
from pathlib import Path

from app.engines.interface import Mode
from app.errors import InvalidInputError
from app.recordings import Desk
from app.speech_request import SpeechRequest
from app.web import modes


@dataclass(frozen=True, slots=True)
class FormValues:
    """Values of the fields of ``app.web.form.Form``, in that order."""

    mode: str
    text: str | None
    voice: str | None
    saved_voice: str | None
    reference: str | None
    transcript: str | None
    source: str | None
    instruction: str | None
    speed: float | None
    seed: float | None
    locked: bool
    stream: bool
    file_format: str

    async def speech_request(self, desk: Desk) -> SpeechRequest:
        """Build the request, with copies of recordings on ``desk``. A field that the mode does not
        show asks for nothing.

        Raises ``InvalidInputError`` for a recording that the mode needs and is not there,
        ``StorageError``.
        """
        mode = Mode(self.mode)
        if mode is Mode.PRESET:
            # A registered voice is cloned; which mode that is follows from the voice.
            return self._request(None, voice=self.voice or None)
        reference = None if self.saved_voice else await _clip(self.reference, "reference", desk)
        return self._request(
            mode,
            voice=self.saved_voice or None,
            reference=reference,
            transcript=(self.transcript or "") if reference and mode is Mode.CLONE else "",
            source=await _clip(self.source, "source", desk) if mode is Mode.CONVERT else None,
            instruction=(self.instruction or "") if mode is Mode.INSTRUCT else "",
        )

    def _request(
        self,
        mode: Mode | None,
        *,
        voice: str | None,
        reference: Path | None = None,
        transcript: str = "",
        source: Path | None = None,
        instruction: str = "",
    ) -> SpeechRequest:
        return SpeechRequest(
            text=(self.text or "") if self.mode in modes.TEXT_MODES else "",
            mode=mode,
            voice=voice,
            reference=reference,
            transcript=transcript,
            source=source,
            instruction=instruction,
            speed=1.0 if self.speed is None else self.speed,
            seed=int(self.seed) if self.locked and self.seed is not None else None,
            stream=self.stream,
        )


async def _clip(value: str | None, field: str, desk: Desk) -> Path:
    if path := await desk.fetch(value):
        return path
    if field == "source":
        raise InvalidInputError(
            "source_missing",
            "add the recording that is to be converted",
            "请上传或录制要转换的录音",
            field=field,
        )
    raise InvalidInputError(
        "reference_missing",
        "add a reference recording of the voice",
        "请上传或录制参考录音",
        field=field,
    )
