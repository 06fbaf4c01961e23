"""Frames survive whatever a fragment prints."""

from hypothesis import given
from hypothesis import strategies as st

from provisioning.engine.frames import FrameReader
from provisioning.engine.observe import run_fragments
from provisioning.engine.script import StoredFragment, apply_script, parse_stored, token
from tests.engine.sandbox import SandboxTransport


def test_output_is_exact_and_status_kept(tmp_path: object) -> None:
    from pathlib import Path

    transport = SandboxTransport(Path(str(tmp_path)))
    told: list[str] = []
    found = run_fragments(
        "h",
        transport,
        {
            "a": "tell 'half way'; printf 'no newline at end'",
            "b": "printf 'two\\n\\n'; echo 坏消息 >&2; exit 3",
            "c": "cat",
            "d": "false; echo unreachable",
            "e": "echo $UNSET_NAME_OF_NOTHING",
        },
        told=told.append,
    )
    assert (told, list(found)) == (["half way"], ["a", "b", "c", "d", "e"])
    assert found["a"].stdout == "no newline at end"
    assert (found["b"].stdout, found["b"].stderr, found["b"].status) == ("two\n\n", "坏消息\n", 3)
    assert (found["c"].stdout, found["c"].status) == ("", 0)
    assert (found["d"].stdout, found["d"].status) == ("", 1)
    assert found["e"].status != 0


@given(st.lists(st.binary(max_size=40), max_size=5), st.integers(1, 7))
def test_reader_finds_the_same_frames_however_the_bytes_come(outputs: list[bytes], n: int) -> None:
    marker = token()
    stream = b"".join(out + f"\n{marker} k.{i} {i}\n".encode() for i, out in enumerate(outputs))
    reader = FrameReader(marker)
    frames = [f for i in range(0, len(stream), n) for f in reader.feed(stream[i : i + n])]
    assert [f.output.encode("utf-8", "surrogateescape") for f in frames] == outputs
    assert [f.status for f in frames] == list(range(len(outputs)))
    assert reader.rest == ""


_line = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@given(st.lists(st.tuples(_line, st.lists(_line, max_size=3)), max_size=4))
def test_manifest_is_read_as_written(entries: list[tuple[str, list[str]]]) -> None:
    wanted = [StoredFragment(id, "".join(f"{x}\n" for x in lines)) for id, lines in entries]
    script = apply_script(
        [],
        [],
        run_id="r",
        holder="h",
        manifest_during=wanted,
        manifest_after=wanted,
        marker=token(),
    )
    start = script.index("manifest.new")
    body = script[script.index("\n", start) + 1 :]
    delimiter = script[
        script.index("<<'", start) + 3 : script.index("'", script.index("<<'", start) + 3)
    ]
    assert parse_stored(body[: body.index(delimiter)]) == wanted
