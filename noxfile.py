# /// script
# requires-python = ">=3.11"
# dependencies = ["nox>=2025.2.9"]
# ///
"""Everything the project does, by name: `nox -l` lists it, `nox -s NAME` does it."""

import os
import shutil
from pathlib import Path

import nox

BOOK = "master-python-concurrency.epub"
SITE = ["--doctree-dir=build/doctrees", "docs", "build/html"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.15"]

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "typing", "tests", "docs", "site", "browser", "robust"]


def install(session: nox.Session, group: str) -> None:
    """Install a dependency group as locked, each file checked against its hash."""
    session.install("--require-hashes", "-r", f"requirements/{group}.txt")


def workers(per_core: int) -> str:
    """Run more tests at once than there are cores: programs wait, most of the time."""
    return f"--numprocesses={per_core * (os.cpu_count() or 1)}"


def sphinx(session: nox.Session, *arguments: str) -> None:
    """Build something strictly."""
    session.run(
        *("sphinx-build", "--fail-on-warning", "--quiet", *arguments),
        env={"PYTHONWARNINGS": "ignore::DeprecationWarning"},  # libraries on libraries
    )


def build(session: nox.Session, *options: str) -> None:
    """Build the site, once what it shows is verified."""
    install(session, "docs")
    session.run("python", "-m", "snippets", "verify")
    complete = ["-Dguide_complete=1"] if "complete" in session.posargs else []
    sphinx(session, *options, *complete, *SITE)
    session.log("the site is in build/html/index.html")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site; in a terminal or with `-- serve`, serve and rebuild it live.

    With `-- complete` every program must have run, as it must before publishing.
    """
    build(session)
    if session.interactive or "serve" in session.posargs:
        install(session, "live")
        session.run(
            *("python", "docs/preview.py", "--watch=snippets", "--port=0", "--quiet"),
            *("--re-ignore=__pycache__", "--pre-build=python -m snippets verify"),
            *("-Dguide_preview=1", *SITE),
        )


@nox.session
def formats(session: nox.Session) -> None:
    """Build the site, and add to it a book and a copy of each page for tools."""
    build(session, "--tag=formats")
    install(session, "formats")
    doctrees = "--doctree-dir=build/doctrees-of-formats"
    sphinx(session, "--builder=markdown", doctrees, "docs", "build/markdown")
    shutil.rmtree("build/epub", ignore_errors=True)  # it packs whatever lies there
    sphinx(session, "--builder=epub", doctrees, "docs", "build/epub")
    if shutil.which("java"):
        session.run("epubcheck", f"build/epub/{BOOK}")
    else:
        session.warn("there is no Java, so the book is not checked: install a JRE")
    shutil.copy(f"build/epub/{BOOK}", "build/html")
    copies = shutil.ignore_patterns("_downloads", ".*")
    shutil.copytree("build/markdown", "build/html", ignore=copies, dirs_exist_ok=True)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run every program, session and command on each Python; arguments go to pytest.

    With `-- --soak 50` do it 50 times, while other processes keep every core busy.
    """
    install(session, "tests")
    if session.posargs[:1] == ["--soak"]:
        times, arguments = session.posargs[1:2], session.posargs[2:]
        session.run("python", "tests/measure/soak.py", *times, workers(3), *arguments)
    else:
        session.run("pytest", workers(3), *session.posargs)


@nox.session
def site(session: nox.Session) -> None:
    """Build the site and check its HTML; check that the gate can refuse."""
    build(session)
    install(session, "site")
    session.run("pytest", "--numprocesses=auto", "tests/site", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Build the site and click every copy button in Chromium; run what it copied."""
    build(session)
    install(session, "browser")
    session.run("pytest", "--numprocesses=auto", "tests/browser", *session.posargs)


@nox.session
def robust(session: nox.Session) -> None:
    """Kill, interrupt and starve every program: it must end soon, and say so."""
    install(session, "tests")
    session.run("pytest", workers(2), "tests/robust", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Check that tests reach every line of every program, on the newest Python."""
    install(session, "tests")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "report")


@nox.session
def new(session: nox.Session) -> None:
    """Begin an example, `-- threads/barrier`: program, test, place in the chapter."""
    install(session, "lint")
    session.run("python", "-m", "snippets", "new", *session.posargs)
    session.run("ruff", "check", "--quiet", "--fix", "--select=I", "tests")
    session.run("ruff", "format", "--quiet", "tests")


@nox.session
def record(session: nox.Session) -> None:
    """Run programs and write down what they print; `-- basics/same_work` for one."""
    install(session, "programs")
    session.run("python", "-m", "snippets", "record", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what the charts of the site show, on this machine; `-- data` for one."""
    install(session, "programs")
    session.run("python", "-m", "snippets", "bench", *session.posargs)
    session.log("nox -s docs draws what was measured")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting, spelling, workflows; `-- fix` mends what it can."""
    install(session, "lint")
    fix = "fix" in session.posargs
    session.run("ruff", "check", *(["--fix"] if fix else []))
    session.run("ruff", "format", *([] if fix else ["--diff"]))
    session.run("codespell", *(["--write-changes"] if fix else []))
    session.run("zizmor", "--offline", "--no-progress", "--quiet", ".")


@nox.session
def audit(session: nox.Session) -> None:
    """Look for known vulnerabilities in what is locked; needs the network.

    A package of which nothing could be learned is an error, not one without any.
    """
    session.install("pip-audit")
    for path in sorted(Path("requirements").glob("*.txt")):
        locked = "--strict", "--require-hashes", "--disable-pip", "--requirement"
        session.run("pip-audit", *locked, str(path))


@nox.session
def typing(session: nox.Session) -> None:
    """Check the types of all code, strictly."""
    install(session, "typing")
    session.run("mypy")


@nox.session
def mutants(session: nox.Session) -> None:
    """Break programs in turn: their tests must notice; `-- threads` for a chapter.

    With `-- changed` try, within two minutes, those that differ from what is recorded.
    """
    install(session, "tests")
    session.run("python", "-m", "tests.mutation", *session.posargs)


@nox.session(name="bench-site")
def bench_site(session: nox.Session) -> None:
    """Measure what verifying and building cost, and how both grow."""
    install(session, "site")
    # Where no bytecode is kept, every start compiles everything anew.
    environment = {"PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": None}
    session.run("python", "tests/measure/site.py", env=environment)


@nox.session
def linkcheck(session: nox.Session) -> None:
    """Check every link that leaves the site; needs the network."""
    build(session)
    sphinx(session, "--builder=linkcheck", "docs", "build/linkcheck")


@nox.session(venv_backend="none")
def lighthouse(session: nox.Session) -> None:
    """Let Lighthouse judge the built site; `-- NAME=FOLDER` puts others beside it."""
    session.run("python", "tests/measure/lighthouse.py", *session.posargs)


@nox.session(venv_backend="none")
def lock(session: nox.Session) -> None:
    """Lock the newest version of every dependency, by hash; needs uv."""
    for group in nox.project.load_toml("pyproject.toml")["dependency-groups"]:
        session.run(
            *(
                "uv",
                "pip",
                "compile",
                "--quiet",
                "--universal",
                "--upgrade",
                "--generate-hashes",
            ),
            *("--python-version=3.11", "--custom-compile-command=nox -s lock"),
            *(f"--group={group}", f"--output-file=requirements/{group}.txt"),
        )
