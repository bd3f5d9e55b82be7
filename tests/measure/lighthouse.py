"""Measure with Lighthouse how fast and accessible every page is, beside other sites.

Usage: python tests/measure/lighthouse.py [--repeat N] [NAME=FOLDER ...]

A FOLDER holds another built site, of which a few pages are measured in the same run.
What Lighthouse found last is kept in build/lighthouse, in a file for each page.
"""

import argparse
import gzip
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build/html"
OURS = "ours"
LIGHTHOUSE = "lighthouse@12.8.2"  # the newest that runs on Node.js before 22
CATEGORIES = "performance", "accessibility", "best-practices", "seo"
FIGURES = "LCP ms", "CLS", "TBT ms", "KB", "requests", "to other hosts"
SCORELESS = "notApplicable", "informative", "manual"  # modes of audits
HIDDEN = "hidden"  # the group of what other audits say as well
TELLING = "snippet", "url", "href", "text", "issueType", "description", "explanation"
HEAVIEST = 150  # KB that a page may transfer
SHOWN = 3  # places of a complaint
ASIDE = {"_static", "_sources", "_downloads", "_modules"}
UNLISTED = {"404.html", "search.html"}  # which ask search engines to leave them out
UNWRITTEN = {"404.html", "genindex.html", "py-modindex.html", "search.html"}
COMPRESSIBLE = "text/", "application/json", "image/svg"
CHROMIUMS = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"
MISSING = """\
Lighthouse needs Chromium, and npx of Node.js 18.16 or newer. Install what you lack:
  Debian, Ubuntu: apt-get install chromium npm
  Fedora: dnf install chromium nodejs-npm
  macOS: brew install node && brew install --cask chromium
or name the Chromium you have: CHROMIUM=/path/to/chromium nox -s lighthouse"""


class Host(http.server.SimpleHTTPRequestHandler):
    """Serves files as public hosts do: compressed, and saying how long to keep them."""

    protocol_version = "HTTP/1.1"  # a connection for each file would be slower

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def send_head(self) -> io.BytesIO | None:
        """Send the headers of a file; return its body."""
        file = Path(self.translate_path(self.path))
        if not file.is_file():
            self.send_error(http.HTTPStatus.NOT_FOUND)
            return None
        kind, body = self.guess_type(file), file.read_bytes()
        self.send_response(http.HTTPStatus.OK)
        if kind.startswith(COMPRESSIBLE):
            body = gzip.compress(body, 6)  # as much as hosts do on the fly
            self.send_header("Content-Encoding", "gzip")
            kind += "; charset=utf-8"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        # Sphinx puts a fingerprint into the address of a script or a style sheet.
        age = "31536000, immutable" if "?v=" in self.path else "600"
        self.send_header("Cache-Control", f"max-age={age}")
        self.end_headers()
        return io.BytesIO(body)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback; give its address."""
    handler = partial(Host, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@dataclass(frozen=True)
class Visit:
    """What Lighthouse found on a page."""

    site: str
    page: str
    report: dict[str, Any]

    @property
    def scores(self) -> dict[str, int]:
        """Return the scores; one that could not be given is 0."""
        found = self.report["categories"]
        return {name: round(100 * (found[name]["score"] or 0)) for name in CATEGORIES}

    @property
    def requests(self) -> list[tuple[float, str]]:
        """Return the KB and the address of each request, the heaviest first."""
        items = self.report["audits"]["network-requests"]["details"]["items"]
        sent = [(item["transferSize"] / 1000, item["url"]) for item in items]
        return sorted((kb, url) for kb, url in sent if url.startswith("http"))[::-1]

    @property
    def elsewhere(self) -> list[str]:
        """Return the addresses of other hosts that were asked for."""
        own = urlsplit(self.report["requestedUrl"]).netloc
        return [url for _, url in self.requests if urlsplit(url).netloc != own]

    @property
    def kilobytes(self) -> float:
        """Return how much was transferred, compressed as it was."""
        return sum(kb for kb, _ in self.requests)

    def measured(self, audit: str) -> float:
        """Return the figure of an audit."""
        return float(self.report["audits"][audit].get("numericValue", "nan"))

    def slowness(self) -> tuple[int, float]:
        """Return what visits of a page are sorted by."""
        return -self.scores["performance"], self.measured("largest-contentful-paint")

    def cells(self) -> list[str]:
        """Return a row of the table."""
        return [
            *(self.site, self.page, *map(str, self.scores.values())),
            f"{self.measured('largest-contentful-paint'):.0f}",
            f"{self.measured('cumulative-layout-shift'):.3f}",
            f"{self.measured('total-blocking-time'):.0f}",
            *(f"{self.kilobytes:.0f}", str(len(self.requests))),
            str(len(self.elsewhere)),
        ]

    def complaints(self) -> Iterator[str]:
        """Say what is to be mended on the page, and where."""
        for category in CATEGORIES:
            unlisted = category == "seo" and self.page in UNLISTED
            if self.scores[category] < 100 and not unlisted:
                yield f"  {category}: {self.scores[category]}"
                yield from self.failures(category)
        if self.kilobytes > HEAVIEST:
            yield f"  {self.kilobytes:.0f} KB transferred, more than {HEAVIEST}"
            yield from (f"    {kb:.0f} KB: {url}" for kb, url in self.requests[:SHOWN])
        yield from (f"  a request to another host: {url}" for url in self.elsewhere)

    def failures(self, category: str) -> Iterator[str]:
        """Name the audits that cost a category points, and the places they name."""
        for reference in self.report["categories"][category]["auditRefs"]:
            audit = self.report["audits"][reference["id"]]
            # A metric has a weight; advice on how to better it has savings instead.
            savings = any(audit.get("metricSavings", {}).values())
            matters = reference["weight"] or (savings and reference["group"] != HIDDEN)
            passed = audit["scoreDisplayMode"] in SCORELESS or audit["score"] == 1
            if passed or not matters:
                continue
            yield f"    {audit['id']}: {audit.get('displayValue') or audit['title']}"
            items = audit.get("details", {}).get("items", [])
            found = list(dict.fromkeys(filter(None, map(place, items))))
            yield from (f"      {text}" for text in found[:SHOWN])
            if found[SHOWN:]:
                yield f"      and {len(found) - SHOWN} more"


def place(item: object) -> str:
    """Say which node or address an item of an audit is about, and what is wrong."""
    return textwrap.shorten(" ".join(telling(item)), 300)


def telling(found: object) -> Iterator[str]:
    """Find the snippets, addresses and explanations in an item, however deep."""
    if isinstance(found, dict):
        yield from (found[key] for key in TELLING if isinstance(found.get(key), str))
    if isinstance(found, dict | list):
        for item in found.values() if isinstance(found, dict) else found:
            yield from telling(item)


def pages_of(folder: Path) -> list[str]:
    """List the pages of a site."""
    pages = (page.relative_to(folder) for page in folder.rglob("*.html"))
    return sorted(page.as_posix() for page in pages if not ASIDE & set(page.parts))


def choice_of(folder: Path) -> list[str]:
    """List the first page of a site, and the three largest others that were written."""
    others = set(pages_of(folder)) - UNWRITTEN - {"index.html"}
    size = {page: (folder / page).stat().st_size for page in others}
    return ["index.html", *sorted(size, key=lambda page: -size[page])[:3]]


def tools() -> tuple[str, str]:
    """Find npx and Chromium, or say what to install."""
    npx = shutil.which("npx")
    named = os.environ.get("CHROMIUM")
    chromium = named or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if not npx or not chromium:
        sys.exit(MISSING)
    return npx, chromium


def visit(site: str, page: str, address: str) -> Visit:
    """Open a page as a slow phone does that was never there, and print its row."""
    npx, chromium = tools()
    file = ROOT / f"build/lighthouse/{site}/{page}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    as_root = " --no-sandbox" if os.geteuid() == 0 else ""
    subprocess.run(
        [
            *(npx, "--yes", LIGHTHOUSE, f"{address}/{page}", "--quiet"),
            *("--output=json", f"--output-path={file}"),
            f"--only-categories={','.join(CATEGORIES)}",
            f"--chrome-flags=--headless=new --disable-gpu{as_root}",
        ],
        env=os.environ | {"CHROME_PATH": chromium},
        check=True,
    )
    visit = Visit(site, page, json.loads(file.read_text(encoding="utf-8")))
    print(*visit.cells(), flush=True)
    return visit


def visits_of(sites: dict[str, Path], repeat: int) -> list[Visit]:
    """Visit every page so many times; return the visit of median speed of each."""
    visits: dict[tuple[str, str], list[Visit]] = {}
    for _ in range(repeat):  # sites take turns, so that a noisy machine hits all alike
        for name, folder in sites.items():
            with served(folder) as address:
                for page in pages_of(folder) if name == OURS else choice_of(folder):
                    found = visits.setdefault((name, page), [])
                    found.append(visit(name, page, address))
    return [sorted(v, key=Visit.slowness)[len(v) // 2] for v in visits.values()]


def site(text: str) -> tuple[str, Path]:
    """Read NAME=FOLDER of the command line."""
    name, _, folder = text.partition("=")
    if not (Path(folder) / "index.html").is_file():
        message = f"{text!r} is not NAME=FOLDER of a built site"
        raise argparse.ArgumentTypeError(message)
    return name, Path(folder)


def main() -> int:
    """Measure what the command line names; return 1 if there is anything to mend."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=1, metavar="N")
    parser.add_argument("others", nargs="*", type=site, metavar="NAME=FOLDER")
    options = parser.parse_args()
    if not (SITE / "index.html").exists():
        sys.exit("there is no site to look at; build it: nox -s docs")
    visits = visits_of({OURS: SITE, **dict(options.others)}, options.repeat)
    agent = visits[0].report["environment"]["hostUserAgent"]
    print(f"\n{LIGHTHOUSE}, medians of {options.repeat}, {agent}\n")
    heading = ["site", "page", *CATEGORIES, *FIGURES]
    rows = [heading, ["---"] * len(heading), *(visit.cells() for visit in visits)]
    print(*(f"| {' | '.join(row)} |" for row in rows), sep="\n")
    ours = {v.page: list(v.complaints()) for v in visits if v.site == OURS}
    for page, complaints in ours.items():
        if complaints:
            print("", page, *complaints, sep="\n")
    return int(any(ours.values()))


if __name__ == "__main__":
    sys.exit(main())
