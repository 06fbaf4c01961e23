"""Questions about the app: what speaks, on which cards, with which Python. Pure."""

import re
from pathlib import Path

from ...model.engine_declaration import AUTO, declaration, engine_names
from ...model.paths import against, is_dir, is_file
from ...roles.question import clean
from ...roles.real_server.real_server import REAL_SERVERS
from .members import member_names
from .seen import common_cards, for_gpus
from .topic import Known, Topic, says, takes

VENV, WHEELHOUSE = "venv", "wheelhouse"
ON_NODES = "nodes:"
"""In front of a path that every node has."""
FOUND = "found"
"""Each host has the cards that were seen there."""
_PYTHON_EXAMPLE = "/opt/cosyvoice/venv/bin/python"


def model_hubs(engine: str) -> dict[str, str]:
    """The hubs that have an engine's model, with the artifact for each; none where the engine knows
    of a place itself, or needs no model."""
    declared = declaration(engine)
    need = declared.artifacts.get("model") if declared else None
    if need is None or need.default is not None:
        return {}
    return {example.strip("{").partition(":")[0]: example for example in need.examples}


def _hubs(known: Known) -> list[str]:
    return [*model_hubs(known.answer("engine"))]


def _engine_default(known: Known) -> str:
    names = member_names(known.answers, REAL_SERVERS.key)
    everywhere = names and all(name in known.seen and known.seen[name].cards for name in names)
    return "cosyvoice3" if everywhere else AUTO


def _engine_problem(answer: str, _: Known) -> str | None:
    if clean(answer) == AUTO or clean(answer) in engine_names():
        return None
    known = ", ".join([AUTO, *engine_names()])
    return f"{answer!r} is none of them: {known}; one of another package is written by hand"


def _uses_cards(known: Known) -> bool:
    return for_gpus(known.answer("engine"))


def _gpus_default(known: Known) -> str:
    names = member_names(known.answers, REAL_SERVERS.key)
    if cards := common_cards(known.seen, names):
        return str(len(cards))
    seen = all(name in known.seen for name in names)
    return FOUND if names and seen and any(known.seen[name].cards for name in names) else "1"


def _gpus_problem(answer: str, known: Known) -> str | None:
    if clean(answer) == FOUND:
        names = member_names(known.answers, REAL_SERVERS.key)
        unseen = [name for name in names if name not in known.seen or not known.seen[name].cards]
        return f"no GPU was found on {', '.join(unseen)}: say how many" if unseen else None
    if re.fullmatch(r"[1-9]\d{0,3}", clean(answer)) and int(clean(answer)) <= 1024:
        return None
    return f"{answer!r} is no number of cards, for example 2"


def most_jobs(known: Known) -> int | None:
    """Jobs that a card of those that were seen has room for."""
    declared = declaration(known.answer("engine"))
    names = member_names(known.answers, REAL_SERVERS.key)
    seen = [known.seen[name] for name in names if name in known.seen]
    sizes = [card.gigabytes for one in seen for card in one.cards]
    if declared is None or not declared.memory or not sizes or None in sizes:
        return None
    return int(min(size for size in sizes if size) // declared.memory)


def _jobs_text(known: Known) -> str:
    most = most_jobs(known)
    return "Jobs at a time on each GPU" + (f", at most {most} by its memory" if most else "")


def _jobs_problem(answer: str, known: Known) -> str | None:
    if not re.fullmatch(r"[1-9]\d?", clean(answer)) or int(clean(answer)) > 64:
        return f"{answer!r} is no number of jobs, 1 to 64"
    most = most_jobs(known)
    if most and int(clean(answer)) > most:
        return f"a card has room for {most}"
    return None


def _model_text(known: Known) -> str:
    hubs = ", ".join(_hubs(known))
    return (
        f"Its weights ({hubs}; a folder on this machine; or {ON_NODES}/PATH, where every node has "
        "them)"
    )


def _model_problem(answer: str, known: Known) -> str | None:
    word, hubs = clean(answer), _hubs(known)
    here = against(known.folder, Path(word))
    if word in hubs or word.startswith(f"{ON_NODES}/") or is_dir(here) or is_file(here):
        return None
    return f"{answer!r} is neither {', '.join(hubs)}, a folder here, nor {ON_NODES}/PATH"


def _python_problem(answer: str, _: Known) -> str | None:
    word = clean(answer)
    if word in (VENV, WHEELHOUSE) or re.fullmatch(r"(/[\w.@+-]+)+", word):
        return None
    return f"{answer!r} is neither {VENV}, {WHEELHOUSE} nor a path such as {_PYTHON_EXAMPLE}"


ENGINE = Topic(
    key="engine",
    option="--engine",
    metavar="NAME",
    help="What speaks: auto, cosyvoice3, kokoro …",
    text=says(
        "What speaks (cosyvoice3, cosyvoice2: natural, clone voices, on GPUs; kokoro: natural, on "
        f"CPUs; espeak: a robot; {AUTO}: kokoro where a node has its files, else espeak)"
    ),
    more="cosyvoice3 and cosyvoice2 need an NVIDIA GPU with driver 525 or newer on every real "
    "server; kokoro runs on processors; espeak is small, instant and a robot (docs/engines.md).",
    default=_engine_default,
    problem=_engine_problem,
    beyond=True,
    about=("app.engine",),
)
GPUS = Topic(
    key="gpus",
    option="--gpus",
    metavar="NUMBER",
    help="GPUs of each real server; found: those that --look shows.",
    text=says("GPUs of each real server"),
    more="Plan and status compare what is there with it, and edges count by it what the cluster "
    f"can take. {FOUND} writes for each host what was seen there.",
    default=_gpus_default,
    problem=_gpus_problem,
    applies=_uses_cards,
    about=("real_servers.gpus", "app.engine.gpus"),
)
JOBS = Topic(
    key="jobs_per_gpu",
    option="--jobs-per-gpu",
    metavar="NUMBER",
    help="Jobs at a time on each GPU.",
    text=_jobs_text,
    more="Each job has a model of its own in the card's memory: 4 GB at least for cosyvoice3, 3 "
    "for cosyvoice2.",
    default=takes("1"),
    problem=_jobs_problem,
    applies=_uses_cards,
    about=("app.engine.jobs_per_gpu",),
)
MODEL = Topic(
    key="model",
    option="--model",
    metavar="WHERE",
    help="The engine's weights: modelscope, huggingface, a folder here, or nodes:/PATH.",
    text=_model_text,
    more="modelscope and huggingface: this machine fetches them once, checks them and brings them "
    f"to every node. A folder here is brought as it is. {ON_NODES}/PATH: they are there already, "
    "on a mount for example (docs/artifacts.md).",
    default=lambda known: _hubs(known)[0],
    problem=_model_problem,
    applies=lambda known: bool(_hubs(known)),
    about=("app.engine.model", "artifacts"),
)
PYTHON = Topic(
    key="python",
    option="--python",
    metavar="PATH",
    help="The app's Python: venv, wheelhouse or a path.",
    text=says(
        f"The app's Python ({VENV}: made with each release; {WHEELHOUSE}: the same, where nodes "
        "reach no package index; or the path of an interpreter there)"
    ),
    more="With venv every release gets an environment of its own on the nodes, from their "
    "python3, 3.11 or newer. With wheelhouse this machine fetches the packages. A path names an "
    f"environment that you keep there, such as {_PYTHON_EXAMPLE} (docs/releases.md).",
    default=takes(VENV),
    problem=_python_problem,
    about=("app.python", "app.venv"),
)
