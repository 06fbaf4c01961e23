"""A health check that the template does not know is an error, and never another kind of check."""

import pytest

from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.model.service import HttpCheck
from provisioning.roles.desired import desired_hosts
from provisioning.roles.rendering import RenderingError
from tests.roles.rendered import HERE


class PingCheck(HttpCheck):
    """A kind that somebody adds to the model alone."""

    type: str = "ping"  # type: ignore[assignment]


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_a_kind_of_check_that_the_template_does_not_know() -> None:
    inventory = load_inventory(HERE / "inventories" / "first-seed.yaml")
    service = inventory.services[0].model_copy(update={"check": PingCheck()})
    changed = inventory.model_copy(update={"services": [service]})
    said = r"template director/keepalived\.conf\.j2: no health check of the type ping is known here"
    with pytest.raises(RenderingError, match=said):
        desired_hosts(changed, None, Runtime())
