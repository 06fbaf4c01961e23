"""pydantic's errors as problems with a place in the file."""

from dataclasses import replace

from pydantic import ValidationError

from provisioning.model.locating import locate
from provisioning.model.problem import Problem
from provisioning.model.secrecy import masked
from provisioning.model.tree import KeyPath, Tree, dotted
from provisioning.model.unseen import advice as unseen_advice
from provisioning.model.wording import Case, bad_name, wording
from provisioning.model.written import shortened

_TAG = ("union_tag_invalid", "union_tag_not_found")


def explain(error: ValidationError, tree: Tree, file: str) -> list[Problem]:
    """One problem for each key that is wrong; notes doubtful paths in the tree."""
    problems: dict[tuple[KeyPath, bool], Problem] = {}
    meant: set[tuple[KeyPath, bool]] = set()
    missing: set[tuple[KeyPath, bool]] = set()
    # Keys that are there under another name; that they are missing goes without saying.
    for details in error.errors(include_url=False):
        location = locate(details["loc"], tree)
        path, kind = location.path, details["type"]
        if (path, location.is_key) in problems or path in tree.void:
            continue
        case = Case(
            path,
            location.schema,
            details["input"],
            masked(tree.shown(path), tree),
            details["msg"],
            details.get("ctx") or {},
        )
        said = bad_name(case) if location.is_key else wording(kind, case)
        at_key = location.is_key or kind == "extra_forbidden"
        written = path[-1] if at_key else details["input"]
        # Not of a value that is kept out of messages: the advice repeats it.
        may_be_shown = at_key or shortened(str(written)) in case.written
        if not said.meant and isinstance(written, str) and may_be_shown:
            said = replace(said, fix=unseen_advice(written) or said.fix)
        shown = (*path, "type") if kind in _TAG else path
        spot = tree.keys.get(path) if at_key else None
        spot = spot or tree.spot(shown)
        problems[path, location.is_key] = Problem(
            file,
            spot.line,
            spot.column,
            dotted(tree.shown(shown)),
            said.message,
            str(path[-1]) if at_key else said.found,
            said.allowed,
            said.fix,
        )
        tree.doubtful.append(path)
        if said.meant:
            meant.add(((*path[:-1], said.meant), False))
        if kind == "missing":
            missing.add((path, False))
    tree.doubtful += (path for path, _ in meant)
    return [problem for place, problem in problems.items() if place not in missing & meant]
