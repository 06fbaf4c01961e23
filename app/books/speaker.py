"""Pieces of a book as jobs of the cluster, each spoken until it is, or is known to fail."""

import asyncio
import logging
from dataclasses import replace

from ..access.ownership import caller_of_owner
from ..encoding.formats import encoded_apart
from ..engines.interface import SynthesisRequest
from ..errors import BusyError, InvalidInputError, NodeError, SpeechError, UnavailableError
from ..logs import REQUEST_ID
from ..sound.pcm import SAMPLE_BYTES
from ..speech import SpeechService
from ..speech_request import SpeechRequest
from .record import BookRecord

_TRIES = 3
_NOT_ITS_FAULT = frozenset({"node_lost", "worker_lost"})
"""Codes of errors by which another node, or several workers, ended before the piece did."""
_PAUSE = 2.0
"""Seconds after which a node without workers is asked again."""
MARKS = str.maketrans("[]［］<>", "()（）()")
"""Brackets of marks of pronunciation, and those that are none."""
_log = logging.getLogger("app.books")


class PieceFailedError(NodeError):
    """A piece that no worker can speak."""


class BookFailedError(NodeError):
    """A book that cannot be spoken at all."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class Speaker:
    """Speaker of one book."""

    def __init__(self, service: SpeechService, record: BookRecord) -> None:
        self._service = service
        self._record = record

    async def speak(self, place: tuple[int, int], text: str) -> tuple[bytes, int]:
        """The piece in FLAC, and its samples. Waits for spare workers, and as long as there are
        none. Raises ``PieceFailedError``, ``BookFailedError``, ``StorageError``."""
        request_id = f"{self._record.id}-{place[0] + 1}-{place[1] + 1}"
        REQUEST_ID.set(request_id)
        failed = 0
        while True:
            try:
                request = await self._prepared(text)
                speech = await self._service.speak(request, request_id, patient=True)
                flac = await encoded_apart("flac", speech.pcm, speech.sample_rate)
                return flac, len(speech.pcm) // SAMPLE_BYTES
            except (BusyError, UnavailableError) as error:
                _log.info("a piece waits: %s", error.en)
                await asyncio.sleep(_PAUSE)
            except InvalidInputError as error:
                if error.field == "voice":
                    raise BookFailedError(error.en, error.zh) from error
                raise PieceFailedError(error.en) from error
            except SpeechError as error:
                if error.status == 507:
                    raise
                if error.code in _NOT_ITS_FAULT:
                    await asyncio.sleep(_PAUSE)
                    continue
                failed += 1
                _log.warning("a piece failed, attempt %d: %s", failed, error.en)
                if failed == _TRIES:
                    raise PieceFailedError(error.en) from error

    async def _prepared(self, text: str) -> SynthesisRequest:
        try:
            return await self._request(text)
        except InvalidInputError as error:
            if error.field != "input":
                raise
            # Brackets of a writer, which are no marks of pronunciation.
            return await self._request(text.translate(MARKS))

    async def _request(self, text: str) -> SynthesisRequest:
        record = self._record
        ask = SpeechRequest(
            text=text,
            voice=record.voice or None,
            instruction=record.instruction,
            speed=record.speed,
            seed=record.seed,
        )
        caller = caller_of_owner(record.owner, self._service.rules)
        return replace(await self._service.prepare(ask, caller), stream=False)
