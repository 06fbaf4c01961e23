import asyncio
import io
import json
import os
import resource
import wave
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.engines.interface import Mode, SynthesisRequest
from app.errors import StorageError
from app.outputs import atomic
from app.outputs.history import History, Output
from app.outputs.names import is_stem, new_stem
from app.outputs.record import OutputRecord, Provenance, record_of
from app.outputs.store import OutputStore
from app.sound.clip import Clip
from app.sound.wav import seconds, wav

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def record(text: str = "你好，世界 🌏 <b>", node: str = "rs1", second: int = 0) -> OutputRecord:
    created = NOON.replace(second=second).isoformat()
    return OutputRecord("id", node, "espeak", created, 1.5, text, "cmn", 1.0, 42)


def found(folder: Path, query: str = "", count: int = 30, before: str = "") -> list[Output]:
    return History(folder).search(query, count, before, seconds=10).outputs


def save(folder: Path, made: OutputRecord) -> Output:
    store = OutputStore(folder, made.node)
    try:
        return asyncio.run(store.save(wav(b"\0\0" * 100, 8000), made))
    finally:
        store.close()


def test_wav_is_what_was_put_in() -> None:
    pcm = bytes(range(200))
    with wave.open(io.BytesIO(wav(pcm, 22050))) as file:
        assert file.getparams()[:4] == (1, 2, 22050, 100)
        assert file.readframes(100) == pcm
    assert seconds(pcm, 100) == 1


def test_names_sort_by_time_and_never_repeat() -> None:
    early, late = new_stem(NOON, "z"), new_stem(NOON.replace(minute=1), "a")
    assert early < late
    assert len({new_stem(NOON, "rs1") for _ in range(500)}) == 500
    assert is_stem(early)


@pytest.mark.parametrize(
    "name",
    ["", "..", "../../etc/passwd", "20261121T120000000Z-../x-00000000", "a/b", "x" * 5000, "\0"],
)
def test_names_that_are_not_ours(name: str) -> None:
    assert not is_stem(name)


def test_what_one_node_saves_another_lists(tmp_path: Path) -> None:
    first = save(tmp_path, record("一", "rs1", 1))
    second = save(tmp_path, record("二\n三", "rs2", 2))
    assert found(tmp_path) == [second, first]
    assert found(tmp_path, count=1) == [second]
    assert {path.suffix for path in tmp_path.iterdir()} == {".wav", ".json"}
    # A person can read the sidecar.
    assert "二" in (tmp_path / f"{second.stem}.json").read_text(encoding="utf-8")


def test_foreign_broken_and_unfinished_files_are_passed_over(tmp_path: Path) -> None:
    good = save(tmp_path, record())
    stem = new_stem(NOON, "rs9")
    broken = {
        "notes.txt": b"hello",
        "package.json": b"{}",
        f"{stem}.wav": b"RIFF, no sidecar yet",
        f".unfinished-{stem}.json": b"{",
        f"{new_stem(NOON, 'rs9')}.json": record().to_json(),
    }
    texts = [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"text": 1}', b"9" * 100_000]
    texts.append(json.dumps({**json.loads(record().to_json()), "created": "soon"}).encode())
    texts.append(json.dumps({**json.loads(record().to_json()), "duration": "NaN"}).encode())
    for text in texts:
        other = new_stem(NOON.replace(hour=13), "rs9")
        broken |= {f"{other}.json": text, f"{other}.wav": b""}
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / f"{new_stem(NOON, 'rs9')}.json").mkdir()
    assert found(tmp_path) == [good]


def test_records_of_a_later_release_are_read() -> None:
    later = {**json.loads(record().to_json()), "emotion": "happy", "speed": 1}
    assert record_of(json.dumps(later).encode()) == record()


def test_records_of_the_first_release_are_read() -> None:
    old = json.loads(record().to_json())
    for name in ("mode", "instruction", "reference_digest", "reference_transcript", "format"):
        del old[name]
    assert record_of(json.dumps(old).encode()) == record()


@pytest.mark.parametrize("value", ["exe", "../wav", "", None, 1])
def test_a_record_names_a_format_we_know(value: object) -> None:
    content = {**json.loads(record().to_json()), "format": value}
    with pytest.raises(ValueError, match="format"):
        record_of(json.dumps(content).encode())


def test_a_record_holds_all_that_a_request_asked_for() -> None:
    clip = Clip(Path("/a.wav"), "f" * 64, "参考文本")
    request = SynthesisRequest(
        "你好", "", 1.25, 7, Mode.INSTRUCT, clip, Clip(Path("/b"), "e" * 64), "用四川话", True
    )
    made = OutputRecord.of(
        request,
        Provenance("r", "rs1", "e", "key a"),
        duration=1.23456,
        file_format="mp3",
        created=NOON,
    )
    assert record_of(made.to_json()) == made
    told = made.to_json().decode()
    for part in ("你好", "instruct", "f" * 64, "参考文本", "e" * 64, "用四川话", "1.25", "mp3"):
        assert part in told
    assert (made.stream, made.duration) == (True, 1.235)


@pytest.mark.parametrize("file_format", ["mp3", "opus", "flac"])
def test_audio_is_kept_in_its_format(tmp_path: Path, file_format: str) -> None:
    output = save(tmp_path, replace(record(), format=file_format))
    assert output.path == tmp_path / f"{output.stem}.{file_format}"
    assert output.path.is_file()
    assert found(tmp_path) == [output]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "dcba"),
        ("世界", "a"),
        ("STRASSE", "b"),
        ("ＣＡＦÉ", "c"),
        ("cafe\u0301", "c"),
        ("rs2", "db"),
        ("rs2 straße", "b"),
        ("rs1 straße", ""),
        ("77", "d"),
        ("cmn-female", "d"),
        ("  ", "dcba"),
        ("%", ""),
    ],
)
def test_search_is_for_words_whatever_their_case_and_width(
    tmp_path: Path, query: str, expected: str
) -> None:
    made = {
        "a": record("你好，世界", "rs1", 1),
        "b": record("Hauptstraße", "rs2", 2),
        "c": record("Café", "rs1", 3),
        "d": replace(record("数字", "rs2", 4), seed=9_977_001, voice="cmn-female"),
    }
    outputs = {save(tmp_path, made[name]).stem: name for name in made}
    assert "".join(outputs[output.stem] for output in found(tmp_path, query)) == expected


def test_the_random_end_of_a_name_is_no_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.outputs.names.secrets.token_hex", lambda size: "77" * size)
    output = save(tmp_path, replace(record(), request_id="3f9a77c1"))
    assert found(tmp_path, "77") == []
    for query in (output.stem, output.stem[:8], "3F9A77c1", "3f9a"):
        assert found(tmp_path, query) == [output]


def test_an_output_is_found_by_its_name_and_the_next_part_goes_on(tmp_path: Path) -> None:
    made = [save(tmp_path, record(str(second), "rs1", second)) for second in range(5)]
    assert found(tmp_path, made[2].stem) == [made[2]]
    history = History(tmp_path)
    seen: list[Output] = []
    part = history.search("rs1", 2, "", 10)
    while True:
        seen += part.outputs
        if not part.older:
            break
        part = history.search("rs1", 2, part.older, 10)
    assert seen == made[::-1]


def test_a_search_that_takes_long_stops_and_can_be_gone_on_with(tmp_path: Path) -> None:
    texts = ("zero", "one", "two")
    made = [save(tmp_path, record(text, "rs1", second)) for second, text in enumerate(texts)]
    history = History(tmp_path)
    part = history.search("zero", 5, "", seconds=0)
    assert (part.outputs, part.older) == ([], made[2].stem)
    parts = 0
    while part.older:
        part = history.search("zero", 5, part.older, seconds=0)
        parts += 1
    assert (part.outputs, parts) == ([made[0]], 2)


def test_what_was_deleted_is_gone_on_every_node(tmp_path: Path) -> None:
    first, second = save(tmp_path, record("一")), save(tmp_path, replace(record(), format="mp3"))

    async def work() -> None:
        store, other = OutputStore(tmp_path, "rs2"), OutputStore(tmp_path, "rs3")
        # The other has it in memory.
        assert len(await other.newest(5)) == 2
        assert await store.delete(second.stem)
        assert not await store.delete(second.stem)
        for name in ("", "..", f"../{first.stem}", f"{first.stem}.wav"):
            assert not await store.delete(name)
        assert await other.newest(5) == [first]
        assert await other.find(second.file_name) is None
        store.close()
        other.close()

    asyncio.run(work())
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("value", ["x", None, True, [], {}])
def test_wrong_types_in_a_record_are_refused(value: object) -> None:
    content = {**json.loads(record().to_json()), "seed": value}
    with pytest.raises(ValueError, match="seed"):
        record_of(json.dumps(content).encode())


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            atomic.write(tmp_path / "a.wav", b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []
    atomic.write(tmp_path / "a.wav", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    async def work() -> None:
        store = OutputStore(tmp_path / "gone", "rs1")
        for attempt in (store.newest(5), store.save(b"", record())):
            with pytest.raises(StorageError, match="No such file"):
                await attempt
        assert "No such file" in store.trouble
        (tmp_path / "gone").mkdir()
        await store.newest(5)
        assert "save" in store.trouble, "reading works, writing has not been tried again"
        await store.save(b"", record())
        assert store.trouble == ""
        store.close()

    asyncio.run(work())


def test_a_folder_that_hangs_is_told(tmp_path: Path) -> None:
    # Opening a FIFO nobody writes to waits for ever, as a file on a dead NFS server does.
    stem = new_stem(NOON, "rs1")
    (tmp_path / f"{stem}.wav").touch()
    fifo = tmp_path / f"{stem}.json"
    os.mkfifo(fifo)

    async def work() -> None:
        store = OutputStore(tmp_path, "rs1", patience=0.2)
        with pytest.raises(StorageError, match=r"no answer in 0\.2 s"):
            await store.newest(5)
        # The other threads go on, however long a busy disk takes.
        store._writers.seconds = 30
        assert (await store.save(b"x", record(second=5))).record == record(second=5)
        store.close()

    try:
        asyncio.run(work())
    finally:
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))


def test_only_outputs_are_found(tmp_path: Path) -> None:
    output = save(tmp_path, record())
    (tmp_path / "secret.wav").touch()

    async def work() -> None:
        store = OutputStore(tmp_path, "rs1")
        assert await store.find(output.file_name) == tmp_path / output.file_name
        for name in ("secret.wav", f"{output.stem}.json", f"../{output.file_name}", ""):
            assert await store.find(name) is None
        store.close()

    asyncio.run(work())
