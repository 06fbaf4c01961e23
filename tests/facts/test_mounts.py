"""Mounts as the kernel lists them."""

from provisioning.facts.mounts import Mounted, find_mount


def test_the_last_mount_on_a_folder_is_the_one_in_force() -> None:
    text = (
        "22 1 0:20 / / rw,relatime - ext4 /dev/vda1 rw\n"
        "40 22 0:35 / /srv/out\\040puts rw,noatime shared:5 - nfs4 10.77.0.31:/ rw,vers=4.2\n"
        "41 22 0:36 / /srv/other ro - ext4 /dev/vdb rw\n"
        "42 40 0:37 / /srv/out\\040puts rw - nfs4 10.77.0.32:/x ro,vers=4.2\n"
    )
    assert find_mount(text, "/srv/out puts") == Mounted(
        "10.77.0.32:/x", "nfs4", False, ("ro", "vers=4.2")
    )
    assert find_mount(text, "/srv/other") == Mounted("/dev/vdb", "ext4", False, ("rw",))
    assert find_mount(text, "/") == Mounted("/dev/vda1", "ext4", True, ("rw",))
    assert find_mount(text, "/srv") is None
