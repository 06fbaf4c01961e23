"""Needs of the inventory's engine: artifacts, environment variables, Python packages. Pure
but for reading package data."""

from ...places import APP_STATE
from ..app import App, Server
from ..artifact import Artifact
from ..engine import NONE
from ..engine_declaration import (
    CPU,
    Build,
    Declaration,
    DeclarationError,
    NeededArtifact,
    declaration,
)
from ..inventory import Inventory


def artifacts_of(inventory: Inventory) -> dict[str, Artifact]:
    """All artifacts by name: the inventory's own, and those of its engine."""
    return {**inventory.artifacts, **engine_artifacts(inventory)}


def engine_artifacts(inventory: Inventory) -> dict[str, Artifact]:
    """The engine's artifacts, as the inventory names them or the engine knows itself."""
    engine, found = inventory.app.engine, {}
    for key, need in _needs(inventory.app).items():
        given = engine.artifact(key) if engine else None
        chosen = given or (None if said_by_hand(inventory, need) else _default(inventory, need))
        if chosen is not None and engine is not None:
            found[artifact_name(engine.name, key)] = chosen
    return found


def needed_files(inventory: Inventory) -> dict[str, list[str]]:
    """Files that must be in the engine's artifacts, by the artifact's name."""
    engine, declared = inventory.app.engine, declared_of(inventory.app)
    if engine is None or declared is None:
        return {}
    names = {key: artifact_name(engine.name, key) for key in declared.artifacts}
    found = {names[key]: [*need.files] for key, need in declared.artifacts.items()}
    for key, setting in declared.settings.items():
        for place, files in setting.files.items() if engine.given_settings.get(key) else ():
            found[names[place]] += files
    return found


def said_by_hand(inventory: Inventory, need: NeededArtifact) -> bool:
    """Tell whether environment variables say on every real server where it is."""
    hosts = inventory.real_servers.hosts.values()
    everywhere = bool(hosts) and all(need.variable in host.environment for host in hosts)
    return everywhere or need.variable in inventory.app.environment


def artifact_name(engine: str, key: str) -> str:
    """Name of the artifact that is for one of an engine's needs."""
    return f"{engine}-{key}"


def engine_variables(inventory: Inventory) -> dict[str, object]:
    """Environment variables of the app by which it gets what the inventory says of its engine."""
    engine, declared = inventory.app.engine, declared_of(inventory.app)
    if engine is None:
        return {}
    values: dict[str, object] = {"COSYVOICE_ENGINE": engine.name}
    for variable, folder in declared.writes.items() if declared else ():
        values[variable] = f"{APP_STATE}/{folder}"
    artifacts = engine_artifacts(inventory)
    for key, need in _needs(inventory.app).items():
        if (name := artifact_name(engine.name, key)) in artifacts:
            values[need.variable] = f"${{artifacts.{name}}}"
    for key, value in engine.given_settings.items():
        if declared is not None and key in declared.settings:
            values[declared.settings[key].variable] = _written(value)
    if engine.gpus is not None:
        values["COSYVOICE_GPUS"] = engine.gpus
    if engine.jobs_per_gpu is not None:
        values["COSYVOICE_JOBS_PER_GPU"] = engine.jobs_per_gpu
    return values


def wanted_extras(app: App) -> list[str]:
    """Extras of the app's own metadata that its server and its engine need."""
    server = ["gunicorn"] if app.server is Server.GUNICORN else []
    return [*server, *engine_extras(app)]


def engine_extras(app: App) -> list[str]:
    """Those that the engine needs."""
    engine, declared = app.engine, declared_of(app)
    if engine is None or declared is None:
        return []
    build = engine_build(app)
    if build is None:
        return [declared.extra] if declared.extra else []
    on = [key for key, value in engine.given_settings.items() if value]
    return [build.extra, *(build.settings[key] for key in on if key in build.settings)]


def engine_requirements(app: App) -> list[str]:
    """Requirements of the engine that are no extras, as pip takes them."""
    return [app.engine.package] if app.engine is not None and app.engine.package else []


def engine_build(app: App) -> Build | None:
    """The build of the engine's packages that the inventory chooses, where it has several."""
    engine, declared = app.engine, declared_of(app)
    if engine is None or declared is None or not declared.builds:
        return None
    if engine.gpus == NONE:
        return declared.builds.get(CPU)
    wanted = str(engine.cuda or next(iter(declared.builds)))
    return declared.builds.get(wanted)


def declared_of(app: App) -> Declaration | None:
    """Declaration of the inventory's engine; None without one, or where nothing is known of it. One
    that cannot be read is told when the inventory is loaded."""
    if app.engine is None:
        return None
    try:
        return declaration(app.engine.name)
    except DeclarationError:
        return None


def start_patience(inventory: Inventory, usual: float) -> float:
    """Seconds in which an app must be ready after a start."""
    declared = declared_of(inventory.app)
    return max(usual, declared.start if declared else 0)


def _needs(app: App) -> dict[str, NeededArtifact]:
    declared = declared_of(app)
    return {} if declared is None else declared.artifacts


def _default(inventory: Inventory, need: NeededArtifact) -> Artifact | None:
    # An app from elsewhere may have an engine of the same name with other needs.
    return need.default if inventory.app.source == "builtin" else None


def _written(value: object) -> object:
    return int(value) if isinstance(value, bool) else value
