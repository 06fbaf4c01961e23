"""The list of peers in a file: what it may say, and that a change is noticed."""

from pathlib import Path

import pytest

from app.session_routing import Peer, PeersFile, PeersFileError


def test_names_and_addresses(tmp_path: Path) -> None:
    path = tmp_path / "peers"
    path.write_text("# 集群\n\nrs1 http://10.0.0.1:7860  # first\nrs2\thttp://[fd00::2]:7860/\n")
    file = PeersFile(path)
    assert file.peers() == [
        Peer("rs1", "http://10.0.0.1:7860"),
        Peer("rs2", "http://[fd00::2]:7860"),
    ]
    assert not file.changed()
    path.with_suffix(".new").write_text("rs3 https://three.example\n")
    path.with_suffix(".new").replace(path)
    assert file.changed()
    assert file.peers() == [Peer("rs3", "https://three.example")]
    path.unlink()
    assert not file.changed()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("rs1", "write NAME URL"),
        ("rs1 http://a:1 http://b:1", "write NAME URL"),
        ("节点 http://a:1", "is not a name"),
        ("rs1 10.0.0.1:7860", "is not an address"),
        ("rs1 ftp://a", "is not an address"),
        ("rs1 http://a:99999", "is not an address"),
        ("rs1 http://a:1/path", "is not an address"),
        ("rs1 http://user@a:1", "is not an address"),
        ("rs0 http://other:1", "stands in line 1 already"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "peers"
    path.write_text(f"rs0 http://a:1\n{line}\n")
    with pytest.raises(PeersFileError, match=said) as caught:
        PeersFile(path).peers()
    assert f"{path}, line 2" in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PeersFileError, match="No such file"):
        PeersFile(tmp_path / "peers").peers()
    (tmp_path / "peers").write_bytes(b"\xff\xfe")
    with pytest.raises(PeersFileError, match="not UTF-8"):
        PeersFile(tmp_path / "peers").peers()
