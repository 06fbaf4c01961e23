"""Parts of the container of a node. Pure."""

from ...model.derived.engine_needs import engine_requirements, wanted_extras
from ...model.inventory import Inventory


def requirements(inventory: Inventory) -> str:
    """Requirements of the image, a line each, as pip reads them: the project with the extras that
    the engine and the server need, and what else the inventory names."""
    app, venv = inventory.app, inventory.app.venv
    extras = ["app", *wanted_extras(app), *((venv.extras or []) if venv else [])]
    further = [*engine_requirements(app), *(venv.requirements if venv else [])]
    own = f"cosyvoice-cluster[{','.join(dict.fromkeys(extras))}]"
    return "".join(f"{line}\n" for line in (own, *further))
