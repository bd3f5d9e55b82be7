"""Run a workload once, and print what it took, in seconds or bytes.

Usage: python -m snippets._tools.bench NAME SERIES [X]
"""

import sys

from snippets._tools.bench.bench import plans
from snippets._tools.bench.workloads import UnavailableError


def main() -> None:
    """Do what the command line says."""
    name, series, *x = sys.argv[1:]
    try:
        print(plans()[name].workload(series, *map(int, x)))
    except UnavailableError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
