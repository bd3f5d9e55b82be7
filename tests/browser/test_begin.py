"""Without a browser no test of it begins, and what to install is said once."""

import pytest

from tests.browser import conftest


def test_without_a_chromium_no_test_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.UsageError, match="apt-get install chromium"):
        conftest.pytest_configure()
