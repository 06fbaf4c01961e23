"""Rules for the engine: that there is one of the name, and that it gets what it needs."""

from collections.abc import Iterator
from difflib import get_close_matches

from ...node_api import ROBOT
from ..derived.engine_needs import artifact_name, declared_of, said_by_hand
from ..engine import Engine
from ..engine_declaration import (
    AUTO,
    Declaration,
    DeclarationError,
    announced_names,
    comes_with_app,
    declaration,
    engine_names,
)
from ..inventory import Inventory
from ..key_path import KeyPath
from .finding import Context, Finding, warning

PATH: KeyPath = ("app", "engine")
_NAME: KeyPath = (*PATH, "name")


def declared(context: Context) -> tuple[Engine, Declaration] | None:
    """The engine with what is known of it; None where one of both is not there."""
    engine, known = context.inventory.app.engine, declared_of(context.inventory.app)
    return None if engine is None or known is None else (engine, known)


def known(context: Context) -> Iterator[Finding]:
    """An engine of the app, or one that a package may have."""
    app, engine = context.inventory.app, context.inventory.app.engine
    if engine is None or app.source != "builtin":
        return
    try:
        found = comes_with_app(engine.name) or declaration(engine.name) is not None
    except DeclarationError as error:
        yield Finding(_NAME, str(error), "correct or remove that package")
        return
    names = [*engine_names(), *announced_names(), AUTO]
    if found or engine.name in names or engine.package is not None:
        return
    near = get_close_matches(engine.name, names, 1, 0.75)
    without = app.venv is not None and not app.venv.requirements
    if near or without:
        own = f"engine: {{name: {engine.name}, package: …}}"
        yield Finding(
            _NAME,
            "there is no such engine"
            if near
            else "no package of the releases' environments has such an engine",
            f"did you mean {near[0]}? One of another package: {own}"
            if near
            else f"name the package that has it, {own}, or write one of the app's own",
            None,
            ", ".join(engine_names()),
        )


def settings(context: Context) -> Iterator[Finding]:
    """Those that the engine has."""
    engine = context.inventory.app.engine
    if engine is None or not (engine.given_artifacts or engine.given_settings):
        return
    found = declared(context)
    if found is None:
        yield Finding(
            _NAME,
            f"it is not known here what {engine.name} takes",
            "install its package beside this program; or write its needs as artifacts: and "
            "app: {environment: …}",
        )
        return
    for key, path in _given(engine):
        if key not in found[1].artifacts and key not in found[1].settings:
            has = [*found[1].artifacts, *found[1].settings]
            yield Finding(
                path,
                f"{engine.name} has no {key}",
                "remove it",
                allowed=", ".join(has) or "its name alone",
                also=(_NAME,),
            )


def _given(engine: Engine) -> Iterator[tuple[str, KeyPath]]:
    for key in engine.given_artifacts:
        yield key, (*PATH, *(("artifacts",) if key in engine.artifacts else ()), key)
    for key in engine.given_settings:
        yield key, (*PATH, *(("settings",) if key in engine.settings else ()), key)


def needs(context: Context) -> Iterator[Finding]:
    """All that it needs on a node is said, and said once."""
    inventory, found = context.inventory, declared(context)
    if found is None or inventory.app.source != "builtin":
        return
    engine, declaration = found
    for key, need in declaration.artifacts.items():
        given, by_hand = engine.artifact(key), said_by_hand(inventory, need)
        if given is None and need.default is None and not by_hand:
            first, *others = [f"{key}: {one}" for one in need.examples or ["{path: …}"]]
            rest = ", or ".join([*others, f"{key}: {{on_nodes: /PATH}} where every node has it"])
            yield Finding(
                _NAME,
                f"needs {need.about}",
                f"write engine: {{name: {engine.name}, {first}}}; or {rest}",
                engine.name,
                also=((*PATH, key),),
            )
        elif given is not None and need.variable in inventory.app.environment:
            yield _twice(need.variable, (*PATH, key))
        if artifact_name(engine.name, key) in inventory.artifacts:
            yield Finding(
                ("artifacts", artifact_name(engine.name, key)),
                f"is the name of what the engine {engine.name} needs",
                f"move it to app: {{engine: {{{key}: …}}}}, or give it another name",
                "",
            )
    for key in engine.given_settings:
        setting = declaration.settings.get(key)
        if setting is not None and setting.variable in inventory.app.environment:
            yield _twice(setting.variable, (*PATH, key))


def _twice(variable: str, path: KeyPath) -> Finding:
    return Finding(
        ("app", "environment", variable),
        f"{variable} is set from elsewhere",
        f"remove it; {'.'.join(map(str, path))} says it",
        also=(path,),
    )


def together(context: Context) -> Iterator[Finding]:
    """Settings that go together."""
    found = declared(context)
    for pair in found[1].together if found else ():
        if found and all(found[0].given_settings.get(key) for key in pair.settings):
            path = (*PATH, pair.settings[-1])
            yield warning(path, pair.says, pair.fix, None, (*PATH, pair.settings[0]))


def robot(context: Context) -> Iterator[Finding]:
    """Nodes with GPUs are for better than a robot's voice."""
    inventory = context.inventory
    engine = inventory.app.engine
    if inventory.app.source != "builtin" or (engine and engine.name not in (AUTO, ROBOT)):
        return
    if (path := _gpus_said(inventory)) is not None:
        yield warning(
            path,
            "there are GPUs, and what speaks is a robot's voice (eSpeak NG), which uses none",
            "write app: {engine: {name: cosyvoice3, model: …}}, see docs/engines.md",
            None,
            PATH,
        )


def _gpus_said(inventory: Inventory) -> KeyPath | None:
    group = inventory.real_servers
    if group.gpus is not None and group.gpus.count:
        return ("real_servers", "gpus")
    for name, host in group.hosts.items():
        if host.gpus is not None and host.gpus.count:
            return ("real_servers", "hosts", name, "gpus")
    return None
