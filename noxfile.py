# /// script
# requires-python = ">=3.11"
# dependencies = ["nox>=2025.2.9"]
# ///
"""Everything the project does: `nox -s NAME` does it, `nox -t TAG` all of a kind.

read     the site, as you and others read it
prove    that it is true, and stays true
check    what one sees without running it
write    an example of yours, and what it needs
keep     what changes without us
measure  how fast the site is, and its making
"""

import os
import shlex
import shutil
import sys
from pathlib import Path

import nox
from nox.command import CommandFailed

BOOK = "master-python-concurrency.epub"
SITE = ["--doctree-dir=build/doctrees", "docs", "build/html"]
WARNINGS = Path("build/warnings.txt")
QUIET = {"PYTHONWARNINGS": "ignore::DeprecationWarning"}  # libraries on libraries
LIGHTHOUSE = "@lhci/cli@0.15.1"  # with Lighthouse 12, which Node.js 20 can run
PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)  # oldest first

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "typing", "tests", "docs", "site", "browser", "robust"]

os.environ.pop("PYTHONSAFEPATH", None)  # `python -m snippets` is found in this folder
os.environ.setdefault("MPLCONFIGDIR", str(Path("build/matplotlib").resolve()))


def again(session: nox.Session, *arguments: str) -> str:
    """Return the command that repeats a session, with other arguments."""
    name = session.name.removesuffix(f"-{session.python}")
    python = [] if name == session.name else ["-P", str(session.python)]
    more = ["--", *arguments] if arguments else []
    return shlex.join(["nox", *python, "-s", name, *more])


def give_up(session: nox.Session, reason: str) -> None:
    """End a session that failed; the last line says why, and how to repeat it."""
    session.error(f"{reason}; when it is mended: {again(session, *session.posargs)}")


def run(session: nox.Session, otherwise: str, *command: str) -> None:
    """Run a command; if it fails, say ``otherwise`` last."""
    try:
        session.run(*command)
    except CommandFailed:
        give_up(session, otherwise)


def install(session: nox.Session, group: str) -> None:
    """Install a dependency group as locked, each file checked against its hash.

    uv is used if there is one, also where virtualenv made the environment: it takes a
    tenth of the time.
    """
    locked = "--require-hashes", "-r", f"requirements/{group}.txt"
    try:
        if session.venv_backend == "virtualenv" and shutil.which("uv"):
            python = f"--python={session.virtualenv.location}"
            session.run(
                "uv", "pip", "install", "--quiet", python, *locked, external=True
            )
        else:
            session.install(*locked)
    except CommandFailed:
        give_up(session, f"requirements/{group}.txt could not be installed, see above")


def workers(per_core: int) -> str:
    """Run more tests at once than there are cores: programs wait, most of the time."""
    return f"--numprocesses={per_core * (os.cpu_count() or 1)}"


def pytest(session: nox.Session, *arguments: str, folder: str = "") -> None:
    """Run the tests of a folder, or those that the command line names instead."""
    named = any(Path(word.partition("::")[0]).exists() for word in session.posargs)
    command = ["python", "-m", "pytest", *arguments, *session.posargs]
    command += [folder] if folder and not named else []
    session.env["REPEAT"] = f"{again(session)} --"  # tests/conftest.py adds the test
    run(session, "the lines above name the first test, or lines not reached", *command)


def sphinx(session: nox.Session, *arguments: str) -> None:
    """Build something strictly."""
    WARNINGS.unlink(missing_ok=True)
    try:
        session.run(
            *("python", "-m", "sphinx", "--fail-on-warning", "--quiet"),
            *(f"--warning-file={WARNINGS}", *arguments),
            env=QUIET,
        )
    except CommandFailed:
        said = WARNINGS.read_text(encoding="utf-8") if WARNINGS.exists() else ""
        give_up(session, said.partition("\n")[0] or "Sphinx failed, see above")


def build(session: nox.Session, *options: str) -> None:
    """Build the site, once what it shows is verified."""
    install(session, "docs")
    run(
        session,
        "not all is verified, the lines above say what to do",
        *("python", "-m", "snippets", "verify"),
    )
    complete = ["-Dguide_complete=1"] if "complete" in session.posargs else []
    sphinx(session, *options, *complete, *SITE)
    session.log("the site is in build/html/index.html")


@nox.session(tags=["read"])
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


@nox.session(tags=["read"])
def formats(session: nox.Session) -> None:
    """Build the site, and add to it a book and a copy of each page for tools."""
    build(session, "--tag=formats")
    install(session, "formats")
    doctrees = "--doctree-dir=build/doctrees-of-formats"
    sphinx(session, "--builder=markdown", doctrees, "docs", "build/markdown")
    shutil.rmtree("build/epub", ignore_errors=True)  # it packs whatever lies there
    sphinx(session, "--builder=epub", doctrees, "docs", "build/epub")
    if shutil.which("java"):
        run(
            session,
            "the book is not a sound EPUB, see above",
            *("python", "-m", "epubcheck", f"build/epub/{BOOK}"),
        )
    else:
        session.warn("there is no Java, so the book is not checked: install a JRE")
    shutil.copy(f"build/epub/{BOOK}", "build/html")
    copies = shutil.ignore_patterns("_downloads", ".*")
    shutil.copytree("build/markdown", "build/html", ignore=copies, dirs_exist_ok=True)


@nox.session(python=PYTHONS, tags=["prove"])
def tests(session: nox.Session) -> None:
    """Run every program, session and command on each Python; arguments go to pytest.

    On the newest, when all of them run, they must reach every line of every program.
    With `-- --soak 50` do it 50 times, while other processes keep every core busy.
    """
    install(session, "tests")
    if session.posargs[:1] == ["--soak"]:
        times, arguments = session.posargs[1:2], session.posargs[2:]
        session.run("python", "tests/measure/soak.py", *times, workers(3), *arguments)
    elif session.python == PYTHONS[-1] and not session.posargs:
        pytest(session, workers(3), "--cov", "--cov-report=term-missing:skip-covered")
    else:
        pytest(session, workers(3))


@nox.session(tags=["prove"])
def site(session: nox.Session) -> None:
    """Build the site and check its HTML; check that the gate can refuse."""
    build(session)
    install(session, "site")
    pytest(session, "--numprocesses=auto", folder="tests/site")


@nox.session(tags=["prove"])
def browser(session: nox.Session) -> None:
    """Build the site and click every copy button in Chromium; run what it copied."""
    build(session)
    install(session, "browser")
    pytest(session, "--numprocesses=auto", folder="tests/browser")


@nox.session(tags=["prove"])
def robust(session: nox.Session) -> None:
    """Kill, interrupt and starve every program: it must end soon, and say so."""
    install(session, "tests")
    pytest(session, workers(2), folder="tests/robust")


@nox.session(tags=["check"])
def lint(session: nox.Session) -> None:
    """Check style, formatting, spelling, workflows; `-- fix` mends what it can."""
    install(session, "lint")
    fix = "fix" in session.posargs
    mend = "see above; `nox -s lint -- fix` mends what it can"
    for command in (
        ["ruff", "check", *(["--fix"] if fix else [])],
        ["ruff", "format", *([] if fix else ["--diff"])],
        ["codespell_lib", *(["--write-changes"] if fix else [])],
    ):
        run(session, f"{command[0]}: {mend}", "python", "-m", *command)
    run(
        session,
        "zizmor finds fault with a workflow, see above",
        *("zizmor", "--offline", "--no-progress", "--quiet", "."),
    )


@nox.session(tags=["check"])
def typing(session: nox.Session) -> None:
    """Check the types of all code, strictly."""
    install(session, "typing")
    run(session, "types do not fit, see above", "python", "-m", "mypy")


@nox.session(venv_backend="none", tags=["write"])
def new(session: nox.Session) -> None:
    """Begin an example, `-- threads/barrier`: program, test, place in the chapter."""
    run(
        session,
        "nothing was begun, the line above says why",
        *(sys.executable, "-m", "snippets", "new", *session.posargs),
    )


@nox.session(tags=["write"])
def record(session: nox.Session) -> None:
    """Run programs and write down what they print; `-- basics/same_work` for one."""
    install(session, "verify")
    run(
        session,
        "not recorded, the lines above say why",
        *("python", "-m", "snippets", "record", *session.posargs),
    )


@nox.session(tags=["write"])
def bench(session: nox.Session) -> None:
    """Measure what the charts of the site show, on this machine; `-- data` for one."""
    install(session, "verify")
    run(
        session,
        "not measured, the lines above say why",
        *("python", "-m", "snippets", "bench", *session.posargs),
    )
    session.log("nox -s docs draws what was measured")


@nox.session(tags=["write"])
def mutants(session: nox.Session) -> None:
    """Break programs in turn: their tests must notice; `-- threads` for a chapter.

    With `-- changed` try, within two minutes, those that differ from what is recorded.
    """
    install(session, "tests")
    run(
        session,
        "no test notices the changes named above",
        *("python", "-m", "tests.mutation", *session.posargs),
    )


@nox.session(tags=["keep"])
def audit(session: nox.Session) -> None:
    """Look for known vulnerabilities in what is locked; needs the network.

    A package of which nothing could be learned is an error, not one without any.
    """
    session.install("pip-audit")
    for path in sorted(Path("requirements").glob("*.txt")):
        locked = "--strict", "--require-hashes", "--disable-pip", "--requirement"
        run(
            session,
            f"{path} has what is named above; `nox -s lock` takes the newest",
            *("python", "-m", "pip_audit", *locked, str(path)),
        )


@nox.session(tags=["keep"])
def linkcheck(session: nox.Session) -> None:
    """Check every link that leaves the site; needs the network."""
    build(session)
    sphinx(session, "--builder=linkcheck", "docs", "build/linkcheck")


@nox.session(venv_backend="none", tags=["keep"])
def lock(session: nox.Session) -> None:
    """Lock the newest version of every dependency, by hash; needs uv."""
    for group in PROJECT["dependency-groups"]:
        run(
            session,
            f"the group {group} was not locked, see above",
            *("uv", "pip", "compile", "--quiet", "--universal", "--upgrade"),
            *("--generate-hashes", f"--python-version={PYTHONS[0]}"),
            *("--custom-compile-command=nox -s lock", f"--group={group}"),
            f"--output-file=requirements/{group}.txt",
        )


@nox.session(name="bench-site", tags=["measure"])
def bench_site(session: nox.Session) -> None:
    """Measure what verifying and building cost, and how both grow."""
    install(session, "site")
    # Where no bytecode is kept, every start compiles everything anew.
    environment = {"PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": None}
    session.run("python", "tests/measure/site.py", env=environment)


@nox.session(venv_backend="none", tags=["measure"])
def lighthouse(session: nox.Session) -> None:
    """Let Lighthouse judge every page of the built site; needs Chromium and npx.

    With `-- --collect.staticDistDir=FOLDER` it judges another built site.
    """
    if not Path("build/html/index.html").exists():
        session.error("there is no site to look at; build it: nox -s docs")
    with session.chdir("build"):  # where it leaves its reports
        run(
            session,
            "Lighthouse says above what is wrong, and in build/lighthouse/ why",
            *("npx", "--yes", LIGHTHOUSE, "autorun", *session.posargs),
            "--config=../tests/measure/lighthouserc.yml",
        )
