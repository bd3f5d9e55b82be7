"""Tell whether this Python has a GIL, and whether it is on."""

import sys
import sysconfig


def free_threaded_build() -> bool:
    """Tell whether this Python was built so that it can run without the GIL."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def gil_enabled() -> bool:
    """Tell whether the GIL is on; it always was before Python 3.13."""
    return sys._is_gil_enabled() if sys.version_info >= (3, 13) else True


def main() -> None:
    """Print both."""
    print("free-threaded build:", "yes" if free_threaded_build() else "no")
    print("GIL:", "on" if gil_enabled() else "off")


if __name__ == "__main__":
    main()
