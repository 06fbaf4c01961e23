"""Errors of the event loop: those that are logged once in a while, and no other lost."""

import asyncio
import errno
import logging
import os
from typing import Any

import pytest

from app.connections.descriptors import ShortOfDescriptors
from app.connections.seldom import INTERVAL, Seldom


def _error(number: int, message: str = "socket.accept() out of system resource") -> dict[str, Any]:
    return {"message": message, "exception": OSError(number, os.strerror(number))}


def _handle(*errors: dict[str, Any]) -> None:
    loop, handle = asyncio.new_event_loop(), ShortOfDescriptors()
    for error in errors:
        handle(loop, error)
    loop.close()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
def test_a_shortage_is_told_once(caplog: pytest.LogCaptureFixture, number: int) -> None:
    _handle(*[_error(number)] * 2048)
    assert [record.name for record in caplog.records] == ["app.connections"]
    assert os.strerror(number) in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        _error(errno.EPERM),
        _error(errno.EMFILE, "Task exception was never retrieved"),
        {"message": "Exception in callback", "exception": ValueError("wrong")},
        {"message": "no exception at all"},
    ],
)
def test_other_errors_are_asyncios(caplog: pytest.LogCaptureFixture, error: dict[str, Any]) -> None:
    _handle(error, error)
    assert [record.name for record in caplog.records] == ["asyncio"] * 2
    assert caplog.records[0].levelno == logging.ERROR


def test_seldom_counts_what_it_keeps_back() -> None:
    now = 0.0
    seldom = Seldom(lambda: now)
    assert [seldom.count() for _ in range(4)] == [1, 0, 0, 0]
    now = INTERVAL
    assert [seldom.count() for _ in range(2)] == [4, 0]
