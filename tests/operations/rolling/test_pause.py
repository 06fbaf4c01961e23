"""A pause is asked of a run that is under way, in the folder that it works in."""

from pathlib import Path

from provisioning.engine.lock import cluster_lock
from provisioning.operations.rolling.pause import PauseRequest


def test_a_pause_is_asked_of_a_run_that_holds_the_lock(tmp_path: Path) -> None:
    request = PauseRequest(tmp_path, "maintain")
    with cluster_lock(tmp_path, "maintain"):
        assert request.ask_if_running()
    assert (tmp_path / "maintain.pause").exists()
    assert not PauseRequest(tmp_path, "rolling-upgrade").asked
    request.forget()
    request.forget()
    assert not request.asked


def test_no_pause_is_asked_where_nothing_runs(tmp_path: Path) -> None:
    request = PauseRequest(tmp_path, "maintain")
    assert not request.ask_if_running()
    assert not request.asked
