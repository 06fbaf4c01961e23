"""GPUs that a real server must have before anything is changed there."""

from ...facts.gpus import gpus_required
from ...model.inventory import Inventory
from ...model.resolve import gpus_of
from ...resources.base import Requirement


def gpu_requirements(inventory: Inventory, name: str) -> tuple[Requirement, ...]:
    """GPUs as the inventory expects them; nothing where it says nothing."""
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
