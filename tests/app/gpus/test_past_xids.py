"""Fatal Xids are known to the next process, until the host is started anew."""

from pathlib import Path

import pytest

from app.gpus.gpu import Gpu
from app.gpus.past_xids import PastXids


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    file = tmp_path / "boot_id"
    file.write_text("one\n")
    return file


def test_fatal_ones_are_kept_for_this_boot(tmp_path: Path, boot: Path) -> None:
    path = tmp_path / "gpus.json"
    whole = Gpu(0, "L4", uuid="GPU-0", xids=(31,))
    broken = Gpu(1, "L4", uuid="GPU-1", xids=(31, 79))
    PastXids(path, boot).keep([whole, broken])
    assert PastXids(path, boot).read() == [Gpu(1, "L4", uuid="GPU-1", xids=(79,))]
    assert path.stat().st_mode & 0o777 == 0o600
    boot.write_text("two\n")
    assert PastXids(path, boot).read() == []


def test_a_repaired_card_is_forgotten(tmp_path: Path, boot: Path) -> None:
    path = tmp_path / "gpus.json"
    PastXids(path, boot).keep([Gpu(0, xids=(79,))])
    following = PastXids(path, boot)
    assert following.read()
    following.keep([Gpu(0)])
    assert PastXids(path, boot).read() == []


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"boot": "one"}', '{"boot": "one", "cards": [1]}']
)
def test_what_cannot_be_read_says_of_no_card(tmp_path: Path, boot: Path, content: str) -> None:
    path = tmp_path / "gpus.json"
    path.write_text(content)
    past = PastXids(path, boot)
    assert past.read() == []
    past.keep([Gpu(0, xids=(79,))])
    assert PastXids(path, boot).read()


def test_without_a_file_nothing_is_kept(boot: Path) -> None:
    past = PastXids(None, boot)
    past.keep([Gpu(0, xids=(79,))])
    assert past.read() == []
