"""Compare what a program printed with what was recorded."""

import difflib
import re

from snippets._tools.catalogue import Comparison

NUMBER = r"\d+(?:[.,]\d+)*"
# What may differ from run to run: times, ratios, process numbers, addresses; no more.
FIGURES = re.compile(
    rf"""
    (?<![\w.]) {NUMBER} [ ]? (?: ns | µs | ms | s ) \b      # a time
    | (?<![\w.]) {NUMBER} [ ]? (?: x\b | \u00d7 | % )            # a ratio
    | (?<= \b process [ ] ) \d+ | (?<= \b pid [ ] ) \d+     # a process
    | \b 0x [0-9a-f]+                                       # a thread or an object
    """,
    re.VERBOSE | re.IGNORECASE,
)


def mask(text: str) -> str:
    """Hide the measured figures of a text, and the padding that depends on their width.

    >>> mask("threads    0.16 s   1.9x   6 tasks")
    'threads # # 6 tasks'
    >>> mask("process 4711 took 12 ms for 10 items")
    'process # took # for 10 items'
    """
    return re.sub(r"[ \t]+", " ", FIGURES.sub("#", text))


def difference(recorded: str, printed: str, comparison: Comparison) -> str:
    r"""Return a unified diff of two outputs, empty when they are the same as compared.

    >>> print(difference("b\na\n", "a\nb\n", Comparison(any_order=True)))
    <BLANKLINE>
    >>> print(difference("a 1.0 s\n", "b 2.0 s\n", Comparison(figures_vary=True)))
    --- recorded
    +++ printed
    @@ -1 +1 @@
    -a #
    +b #
    """

    def lines(text: str) -> list[str]:
        found = (mask(text) if comparison.figures_vary else text).splitlines()
        return sorted(found) if comparison.any_order else found

    sides = lines(recorded), lines(printed)
    names = "recorded", "printed"
    return "\n".join(difflib.unified_diff(*sides, *names, lineterm=""))
