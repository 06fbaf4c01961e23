"""``/v1/audio/books``: long texts, spoken by the whole cluster in its spare time."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response

from ..access.ownership import Caller
from ..books.keeper import BookKeeper
from ..books.manuscripts.apart import Readers
from ..books.manuscripts.cutting import AT_MOST
from ..books.manuscripts.manuscript import Bounds, Manuscript
from ..books.record import BookRecord, ChapterProgress, ChapterRecord, new_id
from ..books.shelf import Book, State
from ..books.speaker import MARKS
from ..checks.numbers import nearest_speed
from ..encoding.book_formats import BOOK_FORMATS
from ..engines.interface import SynthesisRequest
from ..errors import InvalidInputError, UnavailableError
from ..middleware.callers import caller_of
from ..middleware.job_start import begin
from ..outputs.reading import OpenFileAnswer
from ..speech import SpeechService
from ..speech_request import SpeechRequest
from .book_body import BookFields, SentBook, described, sent_book
from .openapi import FAILURES, binary
from .outputs import PRIVATE
from .speech_answer import check_model

PATH = "/v1/audio/books"
_SAMPLE = 1000
"""Characters by which the language is found, and the voice, speed and instructions are checked."""


def routes(service: SpeechService, keeper: BookKeeper, bounds: Bounds, node: str) -> APIRouter:
    """Ask for a book, look at it, fetch it, delete it."""
    router = APIRouter(prefix=PATH, tags=["books"], responses=FAILURES)
    shelf, readers = keeper.shelf, Readers()

    @router.post(
        "", summary="Have a text spoken as a book", status_code=202, openapi_extra=described()
    )
    async def create(request: Request, answer: Response) -> dict[str, object]:
        await begin(request.scope)
        await shelf.check_room()
        sent = await sent_book(request)
        _check(sent, bounds, service)
        text = await readers.read(sent.name, sent.content, bounds, sent.encoding)
        caller = caller_of(request.scope)
        checked = await _checked(sent.fields, text, service, caller)
        record = _record(sent.fields, text, checked, service, node, caller.owner)
        book = await shelf.add(record, text)
        keeper.wake()
        answer.headers["Location"] = f"{PATH}/{record.id}"
        return _told(book)

    @router.get("", summary="The books, newest first")
    async def books(request: Request) -> dict[str, object]:
        caller = caller_of(request.scope)
        seen = [book for book in await shelf.all() if caller.sees(book.record.owner)]
        return {"object": "list", "data": [_told(book) for book in seen]}

    @router.get("/{book_id}", summary="A book: its chapters, what is done, and its files")
    async def book(request: Request, book_id: str) -> dict[str, object]:
        return _told(await _found(keeper, book_id, caller_of(request.scope)))

    @router.get(
        "/{book_id}/files/{name}",
        summary="A file of a finished book",
        response_class=Response,
        responses={
            status: {"content": binary(*(made.media_type for made in BOOK_FORMATS.values()))}
            for status in (200, 206)
        },
    )
    async def file(request: Request, book_id: str, name: str) -> Response:
        found = await _found(keeper, book_id, caller_of(request.scope))
        opened = await shelf.open(found, name)
        if opened is None:
            raise HTTPException(404, "the book has no such file, or is not finished")
        media_type = BOOK_FORMATS[found.record.format].media_type
        return OpenFileAnswer(
            opened,
            name,
            media_type=media_type,
            content_disposition_type="attachment",
            headers=PRIVATE,
        )

    @router.delete("/{book_id}", summary="Delete a book; one that is being made is stopped")
    async def delete(request: Request, book_id: str) -> dict[str, object]:
        caller = caller_of(request.scope)
        found = await _found(keeper, book_id, caller)
        if not caller.deletes(found.record.owner):
            raise HTTPException(403, "the book belongs to somebody else, who alone may delete it")
        if not await shelf.remove(book_id):
            raise _unknown()
        return {"id": book_id, "object": "audio.book.deleted", "deleted": True}

    return router


async def _found(keeper: BookKeeper, book_id: str, caller: Caller) -> Book:
    book = await keeper.shelf.find(book_id)
    # Whoever may not see it is told nothing of it.
    if book is None or not caller.sees(book.record.owner):
        raise _unknown()
    return book


def _unknown() -> HTTPException:
    return HTTPException(404, "there is no such book; it may have been removed")


def _check(sent: SentBook, bounds: Bounds, service: SpeechService) -> None:
    check_model(sent.fields.model, service.engine.name)
    if service.limits.text < AT_MOST:
        raise UnavailableError(
            "books_off",
            f"books need a node with --text-limit {AT_MOST} or more",
            f"制作有声书需要节点的 --text-limit 不小于 {AT_MOST}",
        )
    if len(sent.content) > bounds.bytes:
        raise InvalidInputError(
            "book_too_large",
            f"the file has more than {bounds.bytes >> 20} MiB",
            f"文件超过 {bounds.bytes >> 20} MiB",
            field="file",
        )


async def _checked(
    fields: BookFields, text: Manuscript, service: SpeechService, caller: Caller
) -> SynthesisRequest:
    """The wishes for a book as the engine takes them. Raises ``InvalidInputError``."""
    pieces = (piece for part in text.parts for piece in part.pieces)
    sample = next(pieces)
    for piece in pieces:
        if len(sample) + len(piece) >= min(_SAMPLE, service.limits.text):
            break
        sample += f"\n{piece}"
    request = await service.prepare(
        SpeechRequest(
            text=sample.translate(MARKS),
            voice=fields.voice or None,
            instruction=fields.instructions,
            speed=nearest_speed(fields.speed),
            seed=fields.seed,
        ),
        caller,
    )
    service.clips.release(request)
    return request


def _record(
    fields: BookFields,
    text: Manuscript,
    checked: SynthesisRequest,
    service: SpeechService,
    node: str,
    owner: str,
) -> BookRecord:
    return BookRecord(
        id=new_id(),
        title=" ".join(fields.title.split()) or text.title,
        created=service.store.now(),
        node=node,
        engine=service.engine.name,
        voice=checked.voice_id,
        format=fields.response_format,
        per_chapter=fields.per_chapter,
        speed=checked.speed,
        seed=checked.seed,
        instruction=checked.instruction,
        owner=owner,
        chapters=tuple(
            ChapterRecord(title=part.title, characters=part.characters, pieces=len(part.pieces))
            for part in text.parts
        ),
    )


def _told(book: Book) -> dict[str, object]:
    record, at_work, finished = book.record, book.progress, book.finished
    counts = (finished or at_work or _NOTHING).chapters or (ChapterProgress(),) * len(
        record.chapters
    )
    return {
        "id": record.id,
        "object": "audio.book",
        "title": record.title,
        "state": book.state.value,
        "created_at": int(record.created.timestamp()),
        "node": (finished or at_work or record).node,
        "voice": record.voice,
        "speed": record.speed,
        "seed": record.seed,
        "response_format": record.format,
        "per_chapter": record.per_chapter,
        "characters": record.characters,
        "characters_done": sum(chapter.done for chapter in counts),
        "characters_failed": sum(chapter.failed for chapter in counts),
        "seconds_left": at_work.seconds_left if at_work and not finished else None,
        "chapters": [*_chapters(record, counts)],
        "files": [*_files(book)],
        "failures": [one.model_dump() for one in finished.failures] if finished else [],
        "error": _error(book),
    }


class _Nothing:
    chapters: tuple[ChapterProgress, ...] = ()


_NOTHING = _Nothing()


def _chapters(
    record: BookRecord, counts: tuple[ChapterProgress, ...]
) -> Iterator[dict[str, object]]:
    for number, (chapter, count) in enumerate(zip(record.chapters, counts, strict=True), start=1):
        yield {
            "number": number,
            "title": chapter.title,
            "characters": chapter.characters,
            "characters_done": count.done,
            "characters_failed": count.failed,
        }


def _files(book: Book) -> Iterator[dict[str, object]]:
    for file in book.finished.files if book.finished else ():
        url = f"{PATH}/{book.record.id}/files/{quote(file.name)}"
        yield {**file.model_dump(), "url": url}


def _error(book: Book) -> dict[str, Any] | None:
    if book.finished is None or book.state is not State.FAILED:
        return None
    return {"message": book.finished.message, "message_zh": book.finished.message_zh}
