"""The app's section of the inventory, with comments. Pure."""

from collections.abc import Mapping

from ...model.engine_declaration import AUTO
from ...roles.flow import scalar
from ...roles.question import clean
from .app_topics import ON_NODES, VENV, WHEELHOUSE, model_hubs
from .seen import for_gpus

_APP_HEAD = """\
# The app on the real servers.
app:
  # builtin, or what holds a Python package `app`: a folder, a wheel, a .tar.gz, .tgz or .zip, or a
  # git URL (with ref: a tag or commit).
  source: builtin
"""

_VENV = """\
  # Each release gets a Python environment of its own on the nodes, from what its source requires.
  # For nodes that reach no package index {wheelhouse: true}: this machine fetches the packages and
  # brings them.
"""

_PYTHON = """\
  # The interpreter there that has what the app needs, a venv's or conda's, where the user cosyvoice
  # can run it. Or venv: true, and each release gets an environment of its own.
"""

_INSTEAD = """\
  # Or an interpreter there that has what the app needs, a venv's or conda's, instead of venv:
  # python: /opt/cosyvoice/venv/bin/python
"""

_WORKERS = """\
  # Jobs at a time on a node, one worker process each; a real server may have its own number.
  workers: 1
"""

_TIMEOUT = """\
  # Seconds after which a job is stopped.
  job_timeout: 60
"""

_ROBOT = """\
  # What speaks. Left out, a robot's voice does (eSpeak NG). kokoro is natural, on CPUs; on GPUs
  # (docs/engines.md), instead of workers:
  # engine:
  #   name: cosyvoice3
  #   model: {modelscope: FunAudioLLM/Fun-CosyVoice3-0.5B-2512, revision: master}
  #   gpus: all
"""

_SPEAKS = """\
  # What speaks. What it needs is fetched once by this machine, checked, and brought to the nodes
  # with each release: docs/artifacts.md.
"""

_MODEL = """\
    # Also {huggingface: OWNER/NAME}, {path: FOLDER} on this machine, or {on_nodes: /PATH} where
    # every node has it. The first fetch writes down which bytes it is, in a file beside this one.
"""

_GPUS = """\
    # Every card of a node, with so many jobs at a time on each.
    gpus: all
    jobs_per_gpu: {jobs}
"""


def app_section(answers: Mapping[str, str]) -> str:
    """The app, its Python and its engine."""
    engine = clean(answers["engine"])
    workers = "" if for_gpus(engine) else _WORKERS
    python = _environment(clean(answers["python"]))
    return "".join([_APP_HEAD, python, workers, _TIMEOUT, _speaks(engine, answers)])


def _environment(python: str) -> str:
    if python not in (VENV, WHEELHOUSE):
        return f"{_PYTHON}  python: {scalar(python)}\n"
    venv = "{wheelhouse: true}" if python == WHEELHOUSE else "true"
    return f"{_VENV}  venv: {venv}\n{_INSTEAD}"


def _speaks(engine: str, answers: Mapping[str, str]) -> str:
    if engine == AUTO:
        return _ROBOT
    model = answers.get("model")
    own = f"{_MODEL}    model: {_model(engine, clean(model))}\n" if model else ""
    if for_gpus(engine):
        own += _GPUS.format(jobs=int(clean(answers["jobs_per_gpu"])))
    if not own:
        return f"{_SPEAKS}  engine: {scalar(engine)}\n"
    return f"{_SPEAKS}  engine:\n    name: {scalar(engine)}\n{own}"


def _model(engine: str, answer: str) -> str:
    if answer in model_hubs(engine):
        return model_hubs(engine)[answer]
    if answer.startswith(ON_NODES):
        return f"{{on_nodes: {scalar(answer.removeprefix(ON_NODES))}}}"
    return f"{{path: {scalar(answer)}}}"
