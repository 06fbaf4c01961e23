"""A peer that takes a connection and nothing else, as one does whose power was just cut."""

import asyncio
import socket
from pathlib import Path

import pytest

from app.engines.interface import Mode, SynthesisRequest
from app.lending.ledger import Ending, Ledger
from app.lending.message import Kind
from app.lending.peer_client import HttpPeerClient
from app.session_routing.peers.peer import Peer
from app.session_routing.peers.signatures import Signatures
from app.sound.clip import Clip
from app.workers.job import Job
from app.workers.remote import NotTakenError
from app.workers.report import JobReport


def test_a_job_that_is_not_taken_in_time_is_the_nodes_own_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.lending.peer_client._TAKEN", 0.5)
    recording = tmp_path / "clip.wav"
    recording.write_bytes(bytes(16 << 20))
    clip = Clip(recording, "0" * 64, "词", "voice_1")
    request = SynthesisRequest("你好", "tone", 1.0, 7, Mode.CLONE, clip, None, "")

    async def scenario(port: int) -> dict[Ending, int]:
        client = HttpPeerClient(
            Signatures(b"0123456789abcdef", "rs2"), Kind("release-1", "faulty"), Ledger()
        )
        slot = client.loan(Peer("rs1", f"http://127.0.0.1:{port}"))
        with pytest.raises(NotTakenError):
            async with (
                asyncio.timeout(60),
                slot.begun(Job("r-1", request), 600.0, JobReport("r-1")),
            ):
                pass
        await client.close()
        return client.ledger.lent

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        lent = asyncio.run(scenario(deaf.getsockname()[1]))
    assert lent[Ending.NOT_TAKEN] == 1
