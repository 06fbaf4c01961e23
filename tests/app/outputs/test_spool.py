"""A full, gone, read-only or dead shared folder loses no audio."""

import asyncio
import os
import resource
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from app.errors import StorageError
from app.outputs.history import Output
from app.outputs.shared import SharedFolder, ShareTerms
from app.outputs.spool import Spool
from app.outputs.store import OutputStore
from tests.app import file_systems
from tests.app.file_systems import needs_root
from tests.app.outputs.test_store import found, record

MIB = 1 << 20


class Place:
    """A shared folder and a spool below a test's folder."""

    def __init__(self, folder: Path, limit: int = 64 * MIB) -> None:
        self.shared = folder / "shared"
        self.shared.mkdir(exist_ok=True)
        self.spool = Spool(folder / "state" / "spool", limit)
        self.folder = folder

    def run(
        self,
        work: Callable[[OutputStore], Awaitable[None]],
        *,
        required: bool = False,
        patience: float = 30.0,
    ) -> None:
        async def main() -> None:
            store = OutputStore(
                self.shared, "rs1", patience, spool=self.spool, share=ShareTerms(required=required)
            )
            try:
                await work(store)
            finally:
                store.close()

        asyncio.run(main())

    def spooled(self) -> set[str]:
        return {path.name for path in self.spool.folder.iterdir()}


async def save(store: OutputStore, audio: bytes = b"sound", second: int = 0) -> Output:
    return await store.save(audio, record(second=second))


def check_here(output: Output, place: Place, audio: bytes) -> None:
    assert output.spooled
    assert output.path.parent == place.spool.folder
    assert output.path.read_bytes() == audio
    assert output.path.stat().st_mode & 0o777 == 0o600
    assert place.spool.folder.stat().st_mode & 0o777 == 0o700


async def check_moved(output: Output, store: OutputStore, place: Place, audio: bytes) -> None:
    assert (store.waiting, store.trouble) == (0, "")
    assert (place.shared / output.file_name).read_bytes() == audio
    assert output.stem in {known.stem for known in found(place.shared)}
    # Whoever was given its place here can still fetch it.
    assert await store.find(output.file_name) == output.path


@needs_root
def test_a_full_folder(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with file_systems.small(place.shared, "1m"):

        async def work(store: OutputStore) -> None:
            (place.shared / "filler").write_bytes(b"x" * (MIB - 8192))
            audio = os.urandom(100_000)
            output = await save(store, audio)
            check_here(output, place, audio)
            assert await store.find(output.file_name) == output.path
            assert "No space left" in store.trouble
            assert [path.name for path in place.shared.iterdir()] == ["filler"], (
                "nothing half-written"
            )
            await store.tend()
            assert store.waiting == 1
            (place.shared / "filler").unlink()
            await store.tend()
            await check_moved(output, store, place, audio)

        place.run(work)


@needs_root
def test_a_folder_that_is_unmounted_and_mounted_again(tmp_path: Path) -> None:
    with file_systems.small(tmp_path / "disk"), file_systems.small(tmp_path / "disk" / "shared"):
        place = Place(tmp_path / "disk")

        async def work(store: OutputStore) -> None:
            first = await save(store)
            assert not first.spooled
            away = place.folder / "away"
            file_systems.move_away(place.shared, away)
            output = await save(store, b"late", 1)
            check_here(output, place, b"late")
            assert not list(place.shared.iterdir()), "what is below a mount point is no share"
            with pytest.raises(StorageError, match="it is not mounted"):
                await store.newest(5)
            file_systems.move_away(away, place.shared)
            await store.tend()
            assert [known.stem for known in await store.newest(5)] == [output.stem, first.stem]
            await check_moved(output, store, place, b"late")

        place.run(work)


@needs_root
def test_a_folder_that_becomes_read_only(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with file_systems.small(place.shared):

        async def work(store: OutputStore) -> None:
            file_systems.set_read_only(place.shared, True)
            output = await save(store)
            check_here(output, place, b"sound")
            assert "Read-only file system" in store.not_ready
            file_systems.set_read_only(place.shared, False)
            await store.tend()
            await check_moved(output, store, place, b"sound")
            assert store.not_ready == ""

        place.run(work, required=True)


@needs_root
def test_a_folder_that_hangs(tmp_path: Path) -> None:
    place, patience = Place(tmp_path), 3.0
    with file_systems.freezable(place.shared) as (freeze, thaw):

        async def work(store: OutputStore) -> None:
            loop = asyncio.get_running_loop()
            freeze()
            outputs = [await save(store)]
            began = loop.time()
            outputs += [await save(store, second=second) for second in range(1, 6)]
            assert loop.time() - began < 5 * patience, "only the first has to find out"
            for output in outputs:
                check_here(output, place, b"sound")
                assert await store.find(output.file_name) == output.path
            assert "no answer in 3 s" in store.trouble
            assert store.not_ready == ""
            await store.tend()
            assert store.waiting == 6
            thaw()
            async with asyncio.timeout(60):
                while store.waiting:
                    await store.tend()
                    await asyncio.sleep(0.05)
            for output in outputs:
                await check_moved(output, store, place, b"sound")
            # The call that hung went on in the end: it wrote the same.
            assert len(found(place.shared)) == 6

        place.run(work, patience=patience)


def test_a_spool_has_a_bound_and_refusing_is_told(tmp_path: Path) -> None:
    place = Place(tmp_path, limit=100_000)
    place.shared.rmdir()

    async def work(store: OutputStore) -> None:
        assert (await save(store, b"x" * 60_000)).spooled
        with pytest.raises(StorageError, match="nor does this node's own disk: its limit"):
            await save(store, b"x" * 60_000)
        assert store.waiting == 1

    place.run(work)
    assert len(place.spooled()) == 2


def test_a_node_that_starts_again_moves_what_it_had(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.shared.rmdir()
    kept: list[Output] = []

    async def lose(store: OutputStore) -> None:
        kept.append(await save(store))

    async def regain(store: OutputStore) -> None:
        place.shared.mkdir()
        await store.tend()
        await check_moved(kept[0], store, place, b"sound")

    place.run(lose)
    place.run(regain)


@pytest.mark.parametrize("at", range(6))
def test_a_move_that_is_cut_short_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The node is killed before the n-th rename or unlink of a move, and starts again."""
    place = Place(tmp_path)
    place.shared.rmdir()
    kept: list[Output] = []

    async def lose(store: OutputStore) -> None:
        kept.append(await save(store))

    place.run(lose)
    place.shared.mkdir()
    steps = 0

    def killed_at(function: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **named: object) -> object:
            nonlocal steps
            steps += 1
            if steps > at:
                raise KeyboardInterrupt
            return function(*arguments, **named)

        return step

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):  # noqa: PT012
        for name in ("rename", "unlink"):
            patch.setattr(Path, name, killed_at(getattr(Path, name)))
        place.spool.move(kept[0].stem, SharedFolder(place.shared))
        raise KeyboardInterrupt

    async def again(store: OutputStore) -> None:
        await store.tend()
        assert [known.stem for known in await store.newest(5)] == [kept[0].stem]
        assert (place.shared / kept[0].file_name).read_bytes() == b"sound"
        assert store.waiting == 0

    place.run(again)


def test_what_was_moved_goes_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path)
    place.shared.rmdir()

    async def work(store: OutputStore) -> None:
        await save(store)
        place.shared.mkdir()
        await store.tend()
        assert len(place.spooled()) == 2
        monkeypatch.setattr("app.outputs.spool._LINGER", -1)
        await store.tend()
        assert place.spooled() == set()

    place.run(work)


def test_an_output_that_waits_can_be_deleted_and_stays_deleted(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.shared.rmdir()

    async def work(store: OutputStore) -> None:
        output = await save(store)
        assert await store.delete(output.stem)
        assert place.spooled() == set()
        assert await store.find(output.file_name) is None if place.shared.exists() else True
        place.shared.mkdir()
        await store.tend()
        assert await store.newest(5) == []
        assert not await store.delete(output.stem)

    place.run(work)


def test_only_audio_is_found_in_the_spool(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.shared.rmdir()

    async def work(store: OutputStore) -> None:
        output = await save(store)
        for name in (f"{output.stem}.json", f"../spool/{output.file_name}", "passwd.wav", ""):
            assert await store.find(name) is None

    place.run(work)


def test_a_spool_that_is_full_itself_is_told(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.shared.rmdir()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def work(store: OutputStore) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        try:
            with pytest.raises(StorageError, match="own disk: File too large"):
                await save(store, b"x" * 5000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert place.spooled() == set()

    place.run(work)
