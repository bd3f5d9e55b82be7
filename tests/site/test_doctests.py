"""Every example in a docstring of what builds the site runs, and is true."""

import pytest

from snippets._tools.catalogue import ROOT
from tests.helpers import doctests

MODULES = doctests.modules("docs", "tests/site")


@pytest.mark.parametrize("file", MODULES)
def test_its_examples_are_true(file: str) -> None:
    ran = doctests.run(file)
    assert ran.failed == 0
    assert ran.attempted == doctests.examples(ROOT / file) > 0


def test_there_are_some() -> None:
    assert len(MODULES) >= 3
