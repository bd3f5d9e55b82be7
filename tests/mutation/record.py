"""What the mutants of each program met when they were tried: ``caught.json``.

It is committed, so that a checkout without a history tells what has changed since. Of
each program it keeps the digest of its text and tests, and a letter for each mutant:

- ``t``: its own tests noticed it
- ``o``: they did not, but its output or the examples in its docstrings did
- ``~``: it is noticed at some moments only, as ``survivors.toml`` says
- ``.``: nothing noticed it, and ``survivors.toml`` says why
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from snippets._tools.catalogue import ROOT, CatalogueError, Program
from tests.mutation import guards

CAUGHT = "tests/mutation/caught.json"
SURVIVORS = "tests/mutation/survivors.toml"
MOST_EXPLAINED = 0.25  # of the mutants of a program; more excuses are no test

Key = tuple[str, str, str]  # program, text of the line, change


@dataclass(frozen=True)
class Survivor:
    """Why nothing notices a mutant, or ``sometimes`` does not."""

    reason: str
    sometimes: bool = False


@dataclass(frozen=True)
class Judged:
    """What became of the mutants of a program with this digest, a letter for each."""

    digest: str
    mutants: str

    @property
    def caught(self) -> int:
        """How many were noticed."""
        return sum(letter in "to" for letter in self.mutants)


def survivors(root: Path = ROOT) -> dict[Key, Survivor]:
    """Return the survivors that are known, with the reasons why.

    Raises:
        CatalogueError: if an entry lacks something, or has what is not known.
    """
    content = tomllib.loads((root / SURVIVORS).read_text(encoding="utf-8"))
    found: dict[Key, Survivor] = {}
    for item in content["survivor"]:
        try:
            key = item.pop("program"), item.pop("line"), item.pop("change")
            found[key] = Survivor(**item)
        except (KeyError, TypeError) as error:
            message = f"{SURVIVORS}: an entry is not as it must be: {error}"
            raise CatalogueError(message) from error
    return found


def untried(root: Path = ROOT) -> set[str]:
    """Return the programs whose mutants were not tried since their tests have moved.

    They are named in ``survivors.toml``, until somebody tries them.
    """
    content = tomllib.loads((root / SURVIVORS).read_text(encoding="utf-8"))
    return set(content.get("untried", ()))


def load(root: Path = ROOT) -> dict[str, Judged]:
    """Return the record of each program, by its name; a file that is missing is empty.

    Raises:
        CatalogueError: if the file is not what ``save`` writes.
    """
    path = root / CAUGHT
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: Judged(**item) for name, item in content.items()}
    except (ValueError, TypeError, AttributeError) as error:
        message = f"{CAUGHT}: is damaged ({error}); restore it, or nox -s mutants"
        raise CatalogueError(message) from error


def save(program: Program, mutants: str, root: Path = ROOT) -> None:
    """Write down what became of the mutants of a program as it stands."""
    judged = load(root)
    judged[program.name] = Judged(guards.digest(program, root), mutants)
    text = json.dumps({n: asdict(judged[n]) for n in sorted(judged)}, indent=1)
    (root / CAUGHT).write_text(text + "\n", encoding="utf-8")


def is_stale(program: Program, judged: Mapping[str, Judged], root: Path = ROOT) -> bool:
    """Tell whether a program, or what its tests consist of, has changed since."""
    known = judged.get(program.name)
    if known is None:
        return program.name not in untried(root)
    return known.digest != guards.digest(program, root)


def complaint(program: Program, keys: Sequence[Key], root: Path = ROOT) -> str:
    """Say what is wrong with the record of a program with these mutants, or nothing."""
    judged, known = load(root), survivors(root)
    if is_stale(program, judged, root):
        reason = "or its tests have changed since its mutants were tried"
    elif program.name not in judged:
        return ""
    elif len(judged[program.name].mutants) != len(keys):
        reason = f"does not have the mutants that {CAUGHT} speaks of"
    elif unexplained := [
        key
        for key, letter in zip(keys, judged[program.name].mutants, strict=True)
        if letter == "." and key not in known
    ]:
        reason = f"has a mutant that survives and is not in {SURVIVORS}: {unexplained}"
    elif too_many := excuses(judged[program.name].mutants):
        reason = too_many
    else:
        return ""
    return (
        f"{program.where}:1: {reason}; try them: nox -s mutants -- {program.name}, "
        f"and commit {CAUGHT}"
    )


def excuses(mutants: str) -> str:
    """Say that too many mutants of a program survive, whatever the reasons; or nothing.

    >>> excuses("ttto.")
    ''
    >>> excuses("to..")
    'has 2 survivors among 4 mutants; reasons are no tests'
    """
    alive = mutants.count(".")
    if alive <= MOST_EXPLAINED * len(mutants):
        return ""
    return f"has {alive} survivors among {len(mutants)} mutants; reasons are no tests"
