"""What names all hosts is rendered once for all of them."""

from provisioning.model.inventory import Inventory
from provisioning.roles.rendering import Templates

_INVENTORY = Inventory.model_validate(
    {
        "vip": "192.0.2.100",
        "interface": "eth0",
        "directors": {"hosts": {"lvs1": "192.0.2.11", "lvs2": "192.0.2.12"}},
        "real_servers": {"hosts": {"rs1": "192.0.2.21"}},
    }
)


def test_it_is_shared_by_hosts_whose_own_variables_are_equal() -> None:
    templates = Templates(_INVENTORY)
    made = []

    def values() -> dict[str, object]:
        made.append("made")
        return {"peers": [("rs1", "http://192.0.2.21:7860")]}

    name = "real_server/peers.j2"
    own: list[dict[str, object]] = [{}, {}, {"a": 1}]
    texts = [templates.render_once(name, variables, values) for variables in own]
    assert texts[0] == templates.render(name, {}, **values())
    assert texts[1] is texts[0] and texts[2] == texts[0]
    assert len(made) == 2 + 1
