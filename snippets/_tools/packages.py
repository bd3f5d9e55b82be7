"""What a program may import: the standard library, and what it declares.

A package has two names, one to install it by and one to import it by; the metadata of
what is installed tells them apart. What is not installed counts by its own name.
"""

import functools
import re
import sys
from collections.abc import Iterable
from importlib import metadata

# A program for a newer Python is read by an older one, too.
NEWER = {"annotationlib", "compression", "profiling"}  # 3.14, 3.14, 3.15
STANDARD = sys.stdlib_module_names | NEWER | {"__main__"}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def distribution(requirement: str) -> str:
    """Return the name to install a package by, as all tools compare it.

    >>> distribution("Typing_Extensions >= 4; python_version < '3.13'")
    'typing-extensions'
    """
    found = NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[0] if found else requirement).lower()


@functools.cache
def _distributions() -> dict[str, list[str]]:
    """Return what is installed: the distributions of each name to import."""
    return {
        name: [distribution(item) for item in found]
        for name, found in metadata.packages_distributions().items()
    }


def to_install(name: str) -> str:
    """Return what to install for a name to import."""
    return _distributions().get(name, [name])[0]


def to_import(requirements: Iterable[str]) -> frozenset[str]:
    """Return the names by which some packages are imported."""
    wanted = {distribution(requirement) for requirement in requirements}
    own = {name.replace("-", "_") for name in wanted}
    return frozenset(
        own | {name for name, found in _distributions().items() if wanted & {*found}}
    )


@functools.cache
def with_what_they_need(requirements: tuple[str, ...]) -> frozenset[str]:
    """Return some packages and all that they need; extras are what nobody asked for."""
    found: set[str] = set()
    todo = {distribution(requirement) for requirement in requirements}
    while todo:
        name = todo.pop()
        found.add(name)
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        todo |= {distribution(n) for n in needs if "extra ==" not in n} - found
    return frozenset(found)
