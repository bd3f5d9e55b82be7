"""Every download fails, and the program reports success: nobody took the results."""

import signal
from concurrent.futures import ThreadPoolExecutor

SITES = [f"site-{number}.example" for number in range(5)]


def download(site: str) -> bytes:
    """Fail, as when every request is refused."""
    raise ConnectionRefusedError(site)


def careless(sites: list[str]) -> str:
    """Download all, and look at no result of map()."""
    with ThreadPoolExecutor() as pool:
        pool.map(download, sites)
    return f"downloaded {len(sites)} sites"


def careful(sites: list[str]) -> str:
    """Download all, and ask every future what became of it."""
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(download, site) for site in sites]
    errors = [error for job in jobs if (error := job.exception())]
    kinds = {type(error).__name__ for error in errors}
    return f"downloaded {len(jobs) - len(errors)} sites, failed: {len(errors)} {kinds}"


def main() -> None:
    """Report both ways."""
    print("careless:", careless(SITES))
    print("careful: ", careful(SITES))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
