"""What a reader copies is what ran: every copy button of every page is clicked."""

import doctest
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uv
from playwright.sync_api import Page

from snippets._tools import catalogue
from snippets._tools.catalogue import HTTPBIN, ROOT, Program
from snippets._tools.runs import output, verify

SITE = ROOT / "build/html"
BLOCKS: list[dict[str, Any]] = (
    json.loads((SITE / "manifest.json").read_text(encoding="utf-8"))["blocks"]
    if (SITE / "manifest.json").exists()
    else []
)
PAGES = sorted(
    page.relative_to(SITE).with_suffix("").as_posix() for page in SITE.rglob("*.html")
)
PROGRAMS = catalogue.programs()
WITH_DEPENDENCIES = [name for name in PROGRAMS if PROGRAMS[name].dependencies]


def session_code(shown: str) -> str:
    """Return what is typed in a session: no prompts, no outputs."""
    examples = doctest.DocTestParser().get_examples(shown)
    return "".join(example.source for example in examples)


def command_code(shown: str) -> str:
    """Return the commands of a block, without their prompts and outputs."""
    lines = shown.splitlines(keepends=True)
    return "".join(line.removeprefix("$ ") for line in lines if line.startswith("$ "))


WANTED: dict[str, Callable[[str], str]] = {
    "session": session_code,
    "command": command_code,
    "excerpt": str,
}


def copy_all(page: Page) -> list[tuple[str, str | None]]:
    """Click every copy button; return each block's text and what was copied of it."""
    copied: list[tuple[str, str | None]] = []
    for block in page.locator("pre").all():
        button = block.locator("xpath=following-sibling::button")
        text = None
        if button.count():
            page.evaluate("navigator.clipboard.writeText('')")
            block.hover()
            button.click()
            page.wait_for_function("navigator.clipboard.readText()")
            text = page.evaluate("navigator.clipboard.readText()")
        copied.append((block.inner_text(), text))
    return copied


@pytest.mark.parametrize("name", PAGES)
def test_every_button_copies_its_block(
    name: str, page: Page, server: str, tmp_path: Path
) -> None:
    page.goto(f"/{name}.html")
    blocks = [block for block in BLOCKS if block["page"] == name]
    for block, (shown, copied) in zip(blocks, copy_all(page), strict=True):
        where = f"{name}:{block['line']} ({block['kind']})"
        if block["kind"] == "output":
            assert copied is None, f"{where}: an output has a copy button"
            continue
        assert copied is not None, f"{where}: there is no copy button"
        if block["kind"] == "program":
            wanted = PROGRAMS[block["source"]].path.read_text(encoding="utf-8")
        else:
            wanted = WANTED[block["kind"]](shown)
        assert copied.rstrip("\n") == wanted.rstrip("\n"), where
        if block["kind"] == "program":
            program = saved(block["source"], copied, tmp_path)
            if not program.obstacle:
                verdict = verify.check(program, None, server)
                assert not verdict.complaint, f"as copied, {verdict}"


def saved(name: str, text: str, folder: Path) -> Program:
    """Save what was copied of a program as a reader would; return it as a program."""
    original = PROGRAMS[name]
    path = folder / original.path.relative_to(ROOT)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    shutil.copy(original.output, path.with_suffix(".out"))
    return replace(original, path=path)


@pytest.mark.parametrize("name", WITH_DEPENDENCIES)
def test_uv_runs_a_program_with_dependencies(
    name: str, server: str, tmp_path: Path
) -> None:
    program = PROGRAMS[name]
    copy = shutil.copy(program.path, tmp_path)
    tests_own = "PYTHON", "VIRTUAL_ENV"
    reader = {k: v for k, v in os.environ.items() if not k.startswith(tests_own)}
    result = subprocess.run(
        [uv.find_uv_bin(), "run", "--script", "--quiet", copy],
        cwd=tmp_path,
        env=reader | {HTTPBIN: server},
        capture_output=True,
        text=True,
        check=True,
    )
    recorded = program.output.read_text(encoding="utf-8")
    assert output.difference(recorded, result.stdout, program.comparison) == ""
