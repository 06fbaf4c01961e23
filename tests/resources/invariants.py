"""What holds for every resource, whatever its kind."""

from collections.abc import Callable

from provisioning.resources.base import Resource
from tests.resources.host import Host


def assert_cycle(host: Host, resource: Resource) -> None:
    """There and back: change, no change, undo, change, and away again leave no trace."""
    before = host.observe(resource)
    # Nothing was changed yet, so there is nothing to take back.
    host.must(resource.remove())
    assert host.observe(resource) == before

    run = host.begin()
    change = resource.compare(before)
    assert change is not None
    host.must(change.apply, run)
    assert host.change(resource) is None
    host.must(change.apply, run)  # an apply that is run again changes nothing more
    assert host.change(resource) is None
    host.must(change.undo, run)
    assert host.observe(resource) == before
    host.must(change.undo, run)
    assert host.observe(resource) == before
    assert remembered(host) == []

    assert host.deploy(resource)
    assert host.deploy(resource) == []
    host.must(resource.remove())
    assert host.observe(resource) == before
    host.must(resource.remove())
    assert host.observe(resource) == before
    assert remembered(host) == []


def assert_survives_cuts(
    new_host: Callable[[], Host],
    resource: Resource,
    whole: Callable[[], None],
    *,
    look: Callable[[Host], object] | None = None,
) -> int:
    """Cuts the change after each of its commands that made a difference to the host.

    ``new_host`` gives a host as it was before the first change; ``whole`` checks that nothing is
    half-made. After every cut the next run finishes the work, and ``remove`` brings back what was
    there at first. Returns the number of cuts. ``look`` tells of a state where an observation
    also holds what is none of ours.
    """

    def seen(host: Host) -> object:
        return look(host) if look else host.observe(resource)

    host = new_host()
    change = host.change(resource)
    assert change is not None
    points = host.cut_points(change.apply)
    host.must(resource.remove())
    for point in points:
        host = new_host()
        before = seen(host)
        assert host.run(change.apply, host.begin(), cut_at=point).status != 0
        whole()
        host.deploy(resource)
        assert host.change(resource) is None
        host.must(resource.remove())
        assert seen(host) == before, f"cut before command {point}"
        assert remembered(host) == []
    return len(points)


def remembered(host: Host) -> list[str]:
    """Names of what the host still knows about how things were at first."""
    folder = host.state / "original"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
