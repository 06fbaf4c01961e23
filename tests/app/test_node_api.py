"""The contract in `provisioning.node_api` holds for a real node."""

import ast
import io
import re
import wave
from collections.abc import Iterator
from pathlib import Path

from app.workers.causes import Cause
from app.workers.totals import Outcome
from provisioning import node_api
from provisioning.facts.app.metrics import parse_metrics
from tests.app.node_process import NodeProcess
from tests.app.typed_body import fits

_ROOT = Path(__file__).parents[2]
_GET = (node_api.HEALTH, node_api.READY, node_api.STATUS, node_api.METRICS)
_PATHS = (*_GET, node_api.SPEECH)
_PROBES = _ROOT / "provisioning/facts/probes"
_PLANNED = {Cause.DEADLINE, Cause.CANCEL, Cause.MAX_JOBS, Cause.MAX_GROWTH, Cause.GPU}
_NO_FAULT = {Outcome.DONE, Outcome.REFUSED, Outcome.CANCELLED}


def test_every_path_answers_and_names_its_node(node: NodeProcess) -> None:
    for path in _GET:
        answer = node.get(path)
        assert (answer.status_code, answer.headers[node_api.NODE_HEADER]) == (200, "rs1"), path


def test_speech_is_a_wav_file(node: NodeProcess) -> None:
    with node.client() as client:
        answer = client.post(node_api.SPEECH, json=node_api.speech_body("One, two, three."))
    assert (answer.status_code, answer.headers[node_api.NODE_HEADER]) == (200, "rs1")
    with wave.open(io.BytesIO(answer.content)) as file:
        assert file.getnframes() > 0


def test_the_status_has_every_key_in_its_type(node: NodeProcess) -> None:
    cards = ("status.gpu_health.out", "status.gpu_health.history")
    fits(node.get(node_api.STATUS).json(), node_api.Status, "status", empty=cards)


def test_a_drained_node_says_so_and_nothing_else(node: NodeProcess) -> None:
    drain = node.outputs.parent / "drain"
    drain.touch()
    try:
        answer, status = node.get(node_api.READY), node.status()
    finally:
        drain.unlink()
    assert answer.status_code == 503
    assert node_api.ONLY_DRAINING in answer.text
    assert (status["draining"], status["reason"]) == (True, node_api.DRAINING)


def test_metrics_have_every_series_and_label(node: NodeProcess) -> None:
    node.speak(input="Hello.")
    text = node.get(node_api.METRICS).text
    series = (
        node_api.PROCESS_START,
        node_api.FACTOR_SUM,
        node_api.FACTOR_COUNT,
        *(
            f'{node_api.JOBS_TOTAL}{{{node_api.OUTCOME}="{word}"}}'
            for word in (node_api.DONE, *node_api.BAD_OUTCOMES)
        ),
        *(f'{node_api.RESTARTS_TOTAL}{{{node_api.CAUSE}="{word}"}}' for word in node_api.CRASHES),
    )
    for one in series:
        assert f"\n{one} " in text, one
    assert parse_metrics(text, ready=True).ended >= 1


def test_every_cause_and_outcome_is_judged() -> None:
    assert {*node_api.CRASHES} == {cause.value for cause in Cause} - _PLANNED
    assert {*node_api.BAD_OUTCOMES} == {outcome.value for outcome in Outcome} - _NO_FAULT


def test_probes_read_the_header_of_the_contract() -> None:
    for name in ("http_get", "speech"):
        assert f'getheader("{node_api.NODE_HEADER}")' in (_PROBES / f"{name}.py").read_text()


def test_nothing_else_spells_a_path() -> None:
    found = [
        f"{path}:{line}"
        for path in sorted((_ROOT / "provisioning").rglob("*.py"))
        if path.name != "node_api.py"
        for line, text in _strings(path)
        if any(re.search(rf"{re.escape(one)}(?!\w)", text) for one in _PATHS)
    ]
    assert not found
    for path in (_ROOT / "templates").rglob("*.j2"):
        assert not any(one in path.read_text(encoding="utf-8") for one in _PATHS), path


def _strings(path: Path) -> Iterator[tuple[int, str]]:
    """Texts in the code; docstrings, which stand by themselves, are prose."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value
