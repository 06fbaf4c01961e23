"""A system account for a service to run under."""

from dataclasses import dataclass

from provisioning.resources.backup_name import backup_name
from provisioning.resources.base import Change, Handler, Observation
from provisioning.resources.output import headed
from provisioning.resources.shell_call import quote_call
from provisioning.resources.validation import require_account, require_path


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account without a login shell or a password (useradd(8)), in its own group and
    ``groups``, which must exist. Its home folder is not made.

    An account of that name that is there already is used as it is: it may be a person's. It is
    added to ``groups``, and nothing else about it is changed. ``remove`` deletes the account
    only if it was made here, and takes it out of the groups it was added to.
    """

    name: str
    home: str
    groups: tuple[str, ...] = ()
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        require_account("user", self.name)
        require_path(self.home)
        for group in self.groups:
            require_account("group", group)

    @property
    def id(self) -> str:
        return f"user:{self.name}"

    def observe(self) -> str:
        return quote_call("look_at_user", self.name)

    def compare(self, observation: Observation) -> Change | None:
        account, listed = headed(observation)
        name = backup_name(self.id)
        if account == "absent":
            groups = ",".join(self.groups)
            return self._change(
                "create", quote_call("make_user", name, self.name, self.home, groups)
            )
        present = listed.split()
        said, steps = [], []
        if (gid := account.split(":")[3]) in present:
            # id(1) gives a number where no group has it: useradd was cut between its files.
            said.append("make its group")
            steps.append(quote_call("complete_user", self.name, gid))
        if missing := [group for group in self.groups if group not in present]:
            said.append(f"add to {', '.join(missing)}")
            steps.append(quote_call("add_to_groups", name, self.name, ",".join(missing)))
        return self._change(", ".join(said), "\n".join(steps)) if steps else None

    def _change(self, summary: str, apply: str) -> Change:
        name = backup_name(self.id)
        return Change(
            summary,
            apply=apply,
            undo=f"if {quote_call('previous_note', name)}; then "
            f"{quote_call('revert_user', self.name)}; fi\n" + quote_call("forget_if_first", name),
        )

    def remove(self) -> str:
        name = backup_name(self.id)
        revert, forget = quote_call("revert_user", self.name), quote_call("forget", name)
        return f"if {quote_call('original_note', name)}; then\n{revert}\n{forget}\nfi"
