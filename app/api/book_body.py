"""The body of ``POST /v1/audio/books``: a form with a file, or JSON with a text."""

from typing import Any, Literal, TypeVar

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile

_FIELDS = 30


class BookFields(BaseModel):
    """Wishes for a book. Fields it does not know are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    model: str = Field(default="tts-1", description="the engine's name, or one of OpenAI's")
    voice: str | None = Field(
        default=None, description="as for speech; absent is a voice of the text's language"
    )
    response_format: Literal["mp3", "m4b", "opus", "flac", "wav"] = Field(
        default="mp3", description="mp3, m4b and opus have chapters in one file"
    )
    per_chapter: bool = Field(default=False, description="a file a chapter, not one for all")
    speed: float = Field(default=1.0, allow_inf_nan=False)
    seed: int | None = Field(default=None, description="of every piece; absent is a random one")
    instructions: str = ""
    title: str = Field(
        default="", max_length=200, description="absent is the file's own, or its name"
    )


_Fields = TypeVar("_Fields", bound=BookFields)


class BookText(BookFields):
    """A book as JSON."""

    input: str = Field(description="the text")
    input_format: Literal["txt", "md"] = "txt"


class BookForm(BookFields):
    """A book as a form, beside its file."""

    encoding: str = Field(
        default="",
        max_length=40,
        description="of a text file, such as gb18030; absent is found from the text",
    )


class SentBook:
    """A book as it was sent."""

    def __init__(self, fields: BookFields, name: str, content: bytes, encoding: str) -> None:
        self.fields = fields
        self.name = name
        self.content = content
        self.encoding = encoding


async def sent_book(request: Request) -> SentBook:
    """Read a request's body. Raises ``RequestValidationError`` and ``HTTPException``."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        text = _checked(BookText, await request.body())
        # A surrogate that JSON carried is taken out with the control characters.
        content = text.input.encode("utf-8", "replace")
        return SentBook(text, f"{text.title or 'book'}.{text.input_format}", content, "utf-8")
    if kind != "multipart/form-data":
        raise HTTPException(415, "send a form with a file (multipart/form-data), or JSON")
    async with request.form(max_files=1, max_fields=_FIELDS) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(400, "file: the form has no file of this name")
        told = {name: value for name, value in form.items() if isinstance(value, str)}
        fields = _checked(BookForm, told)
        return SentBook(fields, file.filename or "", await file.read(), fields.encoding)


def _checked(kind: type[_Fields], told: bytes | dict[str, str]) -> _Fields:
    try:
        if isinstance(told, bytes):
            return kind.model_validate_json(told)
        return kind.model_validate(told)
    except ValidationError as error:
        wrong = [{**found, "loc": ("body", *found["loc"])} for found in error.errors()]
        raise RequestValidationError(wrong) from error


def described() -> dict[str, Any]:
    """The body on the OpenAPI page."""
    form = BookForm.model_json_schema()
    form["properties"]["file"] = {
        "type": "string",
        "format": "binary",
        "description": ".txt, .md or .epub",
    }
    form["required"] = ["file"]
    content = {
        "multipart/form-data": {"schema": form},
        "application/json": {"schema": BookText.model_json_schema()},
    }
    return {"requestBody": {"required": True, "content": content}}
