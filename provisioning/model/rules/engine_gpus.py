"""Rules for the engine's GPUs: that there are some where it wants them, and memory enough."""

from collections.abc import Iterator

from ..derived.resolve import gpus_of
from ..engine import ALL, NONE, Engine
from ..engine_declaration import CPU, Declaration
from ..inventory import Inventory
from ..key_path import KeyPath
from .engine import PATH, declared
from .finding import Context, Finding, warning


def wanted(context: Context) -> Iterator[Finding]:
    """Settings that want a GPU have one, and those that say which card are heeded."""
    engine = context.inventory.app.engine
    by_node = context.inventory.app.per_gpu
    if engine is None:
        return
    if engine.gpus == NONE and by_node:
        fix = "remove it, or remove app.per_gpu"
        yield Finding((*PATH, "gpus"), "none, and per_gpu runs a node a card", fix, NONE)
    elif engine.jobs_per_gpu is not None and engine.gpus in (None, NONE) and not by_node:
        yield Finding(
            (*PATH, "jobs_per_gpu"),
            "counts only where gpus says which",
            "add gpus: all, or remove it and write app: {workers: …}",
            also=((*PATH, "gpus"),),
        )
    if engine.gpus not in (None, NONE) or by_node:
        yield from _workers(context.inventory)
    found = declared(context)
    for key, setting in (found[1].settings if found else {}).items():
        if engine.gpus == NONE and setting.gpu and engine.given_settings.get(key):
            yield Finding(
                (*PATH, key),
                "needs a GPU, and gpus is none",
                "remove it, or write gpus: all",
                also=((*PATH, "gpus"),),
            )


def _workers(inventory: Inventory) -> Iterator[Finding]:
    if "workers" in inventory.app.model_fields_set:
        yield _unheeded(("app", "workers"))
    for name, host in inventory.real_servers.hosts.items():
        if host.workers is not None:
            yield _unheeded(("real_servers", "hosts", name, "workers"))


def _unheeded(path: KeyPath) -> Finding:
    return warning(
        path,
        "does not count where jobs are counted by cards",
        "remove it; app.engine.jobs_per_gpu is the number of jobs on each card",
        None,
        (*PATH, "gpus"),
    )


def builds(context: Context) -> Iterator[Finding]:
    """The engine has packages for that CUDA."""
    found = declared(context)
    if found is None or found[0].cuda is None:
        return
    engine, declaration = found
    versions = [name for name in declaration.builds if name != CPU]
    path, also = (*PATH, "cuda"), ((*PATH, "name"),)
    if str(engine.cuda) not in versions:
        fix = f"write {versions[-1]}" if versions else "remove it"
        said = f"{engine.name} has no packages for it"
        yield Finding(path, said, fix, None, ", ".join(versions), also=also)
    elif context.inventory.app.venv is None:
        yield warning(
            path, "has no effect on an environment that you keep", "write venv: true, or remove it"
        )
    elif engine.gpus == NONE:
        yield Finding(path, "has no meaning with gpus: none", "remove it", also=((*PATH, "gpus"),))


def cards(context: Context) -> Iterator[Finding]:
    """Nodes have the cards that are named by number."""
    engine, group = context.inventory.app.engine, context.inventory.real_servers
    if engine is None or engine.gpus in (None, ALL, NONE):
        return
    numbers = [int(card) for card in (engine.gpus or "").split(",") if card.isdigit()]
    for name in group.hosts:
        has = gpus_of(context.inventory, name)
        if has is not None and numbers and max(numbers) >= has.count:
            yield Finding(
                (*PATH, "gpus"),
                f"{name} has {has.count}, and they are counted from 0",
                "write all, or set COSYVOICE_GPUS in the environment of that host",
                also=(("real_servers",),),
            )
            return


def memory(context: Context) -> Iterator[Finding]:
    """The jobs of a card have room on it."""
    found = declared(context)
    if found is None or found[0].gpus == NONE:
        return
    yield from _fewer(*found)
    for name in context.inventory.real_servers.hosts:
        if (finding := _room(context.inventory, name, *found)) is not None:
            yield finding
            return


def _fewer(engine: Engine, declaration: Declaration) -> Iterator[Finding]:
    for key, setting in declaration.settings.items():
        most, jobs = setting.most_jobs_per_gpu, engine.jobs_per_gpu or 1
        if most is not None and engine.given_settings.get(key) and jobs > most:
            yield Finding(
                (*PATH, "jobs_per_gpu"),
                f"with {key} a card has room for {most} jobs, whatever its memory",
                f"write {most}, or remove {key}",
                None,
                f"1 to {most}",
                also=((*PATH, key),),
            )


def _room(
    inventory: Inventory, name: str, engine: Engine, declaration: Declaration
) -> Finding | None:
    has, need = gpus_of(inventory, name), declaration.memory
    if has is None or has.memory is None or not has.count or need is None:
        return None
    jobs, path = _jobs_on_a_card(inventory, name, engine)
    if jobs * need <= has.memory:
        return None
    most = int(has.memory // need)
    return Finding(
        path,
        f"{jobs} jobs on a card of {name} take {jobs * need:g} GB at least, and it has "
        f"{has.memory}",
        f"write {most}" if most else "use larger cards, or correct gpus in the inventory",
        str(jobs),
        f"1 to {most}" if most else "",
        also=(("real_servers",), PATH),
    )


def _jobs_on_a_card(inventory: Inventory, name: str, engine: Engine) -> tuple[int, KeyPath]:
    """Jobs on the fullest card, and the key that says it."""
    if engine.gpus is not None or inventory.app.per_gpu:
        return engine.jobs_per_gpu or 1, (*PATH, "jobs_per_gpu")
    # Without a choice, all workers are on the first card.
    own = inventory.real_servers.hosts[name].workers
    if own is not None:
        return own, ("real_servers", "hosts", name, "workers")
    return inventory.app.workers, ("app", "workers")
