"""GPUs that a real server must have before anything is changed there."""

from ...facts.gpus import build_required, gpus_required
from ...model.derived.engine_needs import declared_of, engine_build
from ...model.derived.resolve import gpus_of
from ...model.engine_declaration import Build
from ...model.inventory import Inventory
from ...resources.base import Requirement


def gpu_requirements(inventory: Inventory, name: str) -> tuple[Requirement, ...]:
    """GPUs as the inventory expects them, and those that its engine needs."""
    return (*_expected(inventory, name), *_for_engine(inventory))


def _expected(inventory: Inventory, name: str) -> tuple[Requirement, ...]:
    """Nothing where the inventory says nothing."""
    expected = gpus_of(inventory, name)
    if expected is None or not expected.count:
        return ()
    words = [str(expected.count), *([expected.model] if expected.model else ()), "GPUs"]
    if expected.memory:
        words.append(f"of {expected.memory} GB")
    return (
        Requirement(
            f"it has {' '.join(words)}, and their driver works",
            gpus_required(expected, python=str(inventory.app.base_python)),
            "install or load NVIDIA's driver, start the host anew if a card is lost (`nvidia-smi` "
            "there says more), or correct `gpus` in the inventory",
        ),
    )


def _for_engine(inventory: Inventory) -> tuple[Requirement, ...]:
    """A driver and cards that run the packages of the engine; of an environment that you keep
    nobody knows which those are."""
    app, build = inventory.app, engine_build(inventory.app)
    if build is None or not build.driver or app.venv is None:
        return ()
    return (
        Requirement(
            f"its driver and GPUs run {build.title}",
            build_required(build.title, build, python=str(app.base_python)),
            f"install NVIDIA's driver {build.driver} or newer and start the host anew"
            f"{_others(inventory, build)}; for nodes without a GPU write app: "
            "{engine: {gpus: none}}",
        ),
    )


def _others(inventory: Inventory, build: Build) -> str:
    """Other builds of the engine, as advice."""
    declared = declared_of(inventory.app)
    others = declared.builds.items() if declared else ()
    return "".join(
        f", or write app: {{engine: {{cuda: {version}}}}} ({other.title}: driver {other.driver}, "
        f"compute capability {other.capability:g})"
        for version, other in others
        if other.driver and other != build
    )
