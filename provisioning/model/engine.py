"""The engine: what speaks, and what it is given."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from .artifact import Artifact
from .base import Name, Part, Whole
from .hosts import Variable
from .venv import Requirement

ALL, NONE = "all", "none"
_CARD = re.compile(r"\d{1,3}|(GPU|MIG)-[0-9A-Za-z-]{4,80}")
"""As the app takes it: a number as ``nvidia-smi`` counts, or a UUID."""


def _joined(value: object) -> object:
    """A list of cards as the app takes it, with commas."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _cards(text: str) -> str:
    cards = [word.strip() for word in text.split(",")]
    if text in (ALL, NONE) or all(_CARD.fullmatch(card) for card in cards):
        if len({*cards}) == len(cards):
            return ",".join(cards)
        fix = "name each card once; jobs_per_gpu puts several jobs on one"
    else:
        fix = "write all, or a list such as [0, 1]"
    raise PydanticCustomError(
        "cards",
        "not a choice of GPUs",
        {"allowed": "all, none, or numbers or UUIDs as `nvidia-smi -L` shows them", "fix": fix},
    )


Cards = Annotated[
    str,
    BeforeValidator(_joined, json_schema_input_type=str | int | list[int | str]),
    AfterValidator(_cards),
]


def _no_short_form(value: object) -> object:
    if isinstance(value, str):
        hub = re.fullmatch(r"[\w.-]+/[\w.-]+", value)
        raise PydanticCustomError(
            "artifact",
            "does not say where it is from",
            {
                "allowed": "git, path, on_nodes, url, files, huggingface or modelscope",
                "fix": f"write {{modelscope: {value}}}, {{huggingface: {value}}} or {{path: …}}"
                if hub
                else "write {path: …} for a folder or archive here, {on_nodes: …} for one that "
                "every node has, or {git: …, commit: …}",
            },
        )
    return value


_Source = Annotated[
    Artifact | None, BeforeValidator(_no_short_form, json_schema_input_type=Artifact | None)
]


class Engine(Part):
    """The engine, and what it is given. ``cosyvoice3`` is short for ``{name: cosyvoice3}``. Which
    of these keys an engine has is in docs/engines.md."""

    name: Annotated[str, Field(min_length=1)]
    """Its name."""
    package: Requirement | None = None
    """Python package that has an engine which does not come with the app; it is added to
    ``venv.requirements``."""
    repository: _Source = None
    """Code that the engine runs, as an artifact; absent is the public one, at the commit that was
    tested."""
    model: _Source = None
    """Weights and what else makes the model, as an artifact."""
    artifacts: dict[Name, Artifact] = {}
    """Further artifacts of an engine of another package, by the names that it gives them."""
    fp16: bool | None = None
    """Half precision."""
    tensorrt: bool | None = None
    """TensorRT for a part of the model."""
    vllm: bool | None = None
    """vLLM for the language model."""
    settings: dict[Name, Variable] = {}
    """Further settings of an engine of another package, by the names that it gives them."""
    gpus: Cards | None = None
    """Cards that it runs on: ``all`` of a node, ``none``, or a list; absent is what the app's
    environment shows, with ``workers`` jobs."""
    jobs_per_gpu: Annotated[Whole, Field(ge=1, le=64)] | None = None
    """Jobs at a time on each of these cards, each with a model of its own; absent is one."""
    cuda: Whole | None = None
    """CUDA's major version that its packages are built for; absent is the oldest that it has, which
    runs with the most drivers."""

    def artifact(self, key: str) -> Artifact | None:
        """The artifact that is given for one of its needs."""
        own: dict[str, Artifact | None] = {"repository": self.repository, "model": self.model}
        return self.artifacts.get(key, own.get(key))

    @property
    def given_artifacts(self) -> dict[str, Artifact]:
        """All that are given, by the need that they are for."""
        own = {"repository": self.repository, "model": self.model}
        return {key: one for key, one in (own | self.artifacts).items() if one is not None}

    @property
    def given_settings(self) -> dict[str, Variable]:
        """All settings of its own that are given."""
        own = {"fp16": self.fp16, "tensorrt": self.tensorrt, "vllm": self.vllm}
        return {key: value for key, value in own.items() if value is not None} | self.settings


def _name_only(value: object) -> object:
    """An engine by its name alone, in full."""
    return {"name": value} if isinstance(value, str) else value


EngineEntry = Annotated[
    Engine | None, BeforeValidator(_name_only, json_schema_input_type=str | Engine | None)
]
