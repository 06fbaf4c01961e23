"""Several facts of a host in one script."""

from collections.abc import Callable

from provisioning.errors import ClusterError
from provisioning.facts.fact import Answers, Fact, View, fragments, printed
from provisioning.facts.gather import ask, gather
from provisioning.operations.cluster_state.look import host_views
from provisioning.resources.base import Observation
from provisioning.transport.base import Completed
from provisioning.transport.local import LocalTransport
from tests.operations.replay import INVENTORY


class CountedTransport(LocalTransport):
    """This machine, with the number of scripts that it ran."""

    runs = 0

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        self.runs += 1
        return super().run(script, root=root, timeout=timeout, on_stdout=on_stdout)


def _number(found: Observation) -> int:
    if not found.stdout.strip().isdecimal():
        raise ClusterError(f"not a number: {found.stdout!r}")
    return int(found.stdout)


NUMBER, WORD, BROKEN = (
    Fact("number", "echo 7", _number),
    Fact("word", "echo hello", printed),
    Fact("broken", "echo no number", _number),
)


def test_facts_of_a_host_take_one_script() -> None:
    transport = CountedTransport()
    seen = gather("here", transport, (NUMBER, WORD, BROKEN), root=False, timeout=60)
    assert transport.runs == 1
    assert (seen[NUMBER], seen[WORD]) == (7, "hello\n")
    assert ask("here", transport, NUMBER, root=False) == 7


def test_an_answer_that_makes_no_sense_costs_no_other() -> None:
    seen = Answers({"number": Observation("7\n", "", 0), "broken": Observation("?", "", 0)})
    try:
        raise AssertionError(seen[BROKEN])
    except ClusterError as error:
        assert "'?'" in str(error)
    assert seen[NUMBER] == 7


def test_a_view_combines_its_facts() -> None:
    view = View((NUMBER, WORD), lambda seen: f"{seen[WORD].strip()} {seen[NUMBER]}")
    found = {"number": Observation("7\n", "", 0), "word": Observation("hello\n", "", 0)}
    assert view.combine(Answers(found)) == "hello 7"


def test_facts_of_one_name_are_one_question_and_fit_a_frame() -> None:
    for name, views in host_views(INVENTORY).items():
        names = [fact.name for fact in views.facts]
        assert len(set(names)) == len(names), name
        assert not any(" " in one or "\n" in one for one in names)
        assert list(fragments(views.facts)) == names
