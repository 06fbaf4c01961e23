"""Answers that are sent while they are made."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from app.errors import JobFailedError
from app.streaming import prefetch


def test_a_slow_listener_does_not_hold_up_the_maker() -> None:
    made: list[int] = []

    async def pieces() -> AsyncGenerator[bytes, None]:
        for number in range(100):
            made.append(number)
            yield bytes([number])

    async def listen() -> bytes:
        heard = prefetch(pieces())
        first = await anext(heard)
        await asyncio.sleep(0)
        assert made == list(range(100))
        return first + b"".join([piece async for piece in heard])

    assert asyncio.run(listen()) == bytes(range(100))


def test_a_failure_comes_after_what_was_made() -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"1"
        raise JobFailedError("code", "en", "zh")

    async def listen() -> None:
        heard = prefetch(pieces())
        assert await anext(heard) == b"1"
        with pytest.raises(JobFailedError):
            await anext(heard)

    asyncio.run(listen())


def test_a_listener_who_leaves_ends_the_making() -> None:
    ended = asyncio.Event()

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            yield b"1"
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async def listen() -> None:
        heard = prefetch(pieces())
        await anext(heard)
        await heard.aclose()
        assert ended.is_set()

    asyncio.run(listen())
