"""Subtitles, as FFmpeg's own readers of them see them."""

import io

import av
import pytest

from app.captions.subtitles import srt, vtt
from app.sound.timed import Word

RATE = 1000


def said(text: str, each: int = 400, pause: int = 100) -> list[Word]:
    return [
        Word(word, number * (each + pause), number * (each + pause) + each)
        for number, word in enumerate(text.split())
    ]


def shown(file: str, name: str) -> list[tuple[int, int, str]]:
    """Start and duration in milliseconds, and text."""
    with av.open(io.BytesIO(file.encode()), "r", format=name) as container:
        return [
            (packet.pts, packet.duration, bytes(packet).decode())
            for packet in container.demux()
            if packet.pts is not None and packet.duration is not None and packet.size
        ]


@pytest.mark.parametrize(("write", "name"), [(srt, "srt"), (vtt, "webvtt")])
def test_sentences_are_subtitles(write: object, name: str) -> None:
    assert callable(write)
    file = write(said("Hello there. How are you?"), RATE)
    assert shown(file, name) == [(0, 900, "Hello there."), (1000, 1400, "How are you?")]


def test_a_long_sentence_is_cut_before_it_is_too_wide_or_too_long() -> None:
    wide = shown(srt(said("characters " * 20, each=100, pause=0), RATE), "srt")
    assert all(len(text) <= 84 for _, _, text in wide) and len(wide) == 3
    slow = shown(srt(said("so slow it is", each=2500), RATE), "srt")
    assert [text for _, _, text in slow] == ["so slow", "it is"]
    clauses = said("Many, many words stand in front of this comma, and some behind it.", each=100)
    assert [text for _, _, text in shown(srt(clauses, RATE), "srt")] == [
        "Many, many words stand in front of this comma,",
        "and some behind it.",
    ]


def test_chinese_has_no_spaces_and_what_means_something_to_players_is_text() -> None:
    assert shown(srt(said("你 好， GPU <b>"), RATE), "srt")[0][2] == "你好，GPU <b>"
    assert "a &lt;i&gt; &amp;" in vtt(said("a <i> &"), RATE)


def test_hours_and_nothing() -> None:
    assert "01:01:01,500 --> 01:01:02,000" in srt([Word("a", 3_661_500, 3_662_000)], RATE)
    assert vtt([], RATE) == "WEBVTT\n"
    assert srt([], RATE) == ""
