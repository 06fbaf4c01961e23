import pytest

from tests.roles.rendered import SECRETS

# Its tests are of a tree that holds it (test_a_new_role.py).
collect_ignore = ["a_new_role"]


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
