"""Roles and the groups of an inventory are the same list."""

from provisioning.model.groups import group_types, managed_groups
from provisioning.roles.registry import ROLES, deploy_order


def test_every_managed_group_has_its_role_in_the_inventorys_order() -> None:
    assert [role.key for role in ROLES] == list(managed_groups())


def test_a_group_of_clients_has_none() -> None:
    assert [key for key in group_types() if key not in managed_groups()] == ["clients"]


def test_what_others_need_is_deployed_first() -> None:
    order = [role.key for role in deploy_order()]
    assert order.index("storage") < order.index("real_servers") < order.index("directors")


def test_questions_stand_in_the_group_of_their_role() -> None:
    for role in ROLES:
        assert role.question is None or role.question.key == role.key
