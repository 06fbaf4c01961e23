"""Failures on the OpenAPI page, which routes have in common."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field


class Problem(BaseModel):
    """A failure."""

    message: str
    message_zh: str | None = None
    type: str = Field(description="whose turn it is, in OpenAI's words")
    param: str | None = Field(description="the field that is wrong")
    code: str = Field(description="stable, for programs")


class ProblemAnswer(BaseModel):
    """A failure; 429 and 503 tell in Retry-After when to come again."""

    error: Problem


FAILURES: dict[int | str, dict[str, Any]] = {
    "default": {"model": ProblemAnswer, "description": "What went wrong, and whose turn it is"}
}


def binary(*media_types: str) -> dict[str, Any]:
    """The ``content`` of an answer that is a file of one of these types."""
    schema = {"type": "string", "format": "binary"}
    return {media_type: {"schema": schema} for media_type in media_types}


def install(web: FastAPI) -> None:
    """Leave out FastAPI's own 422, which no route answers with: see ``problems``."""
    describe = web.openapi

    def openapi() -> dict[str, Any]:
        described = describe()
        for path in described["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        for unused in ("HTTPValidationError", "ValidationError"):
            described["components"]["schemas"].pop(unused, None)
        return described

    # As FastAPI's documentation does it: the method is looked up on the instance.
    web.openapi = openapi  # type: ignore[method-assign]
