"""The chooser answers as the program does; without script it is a table."""

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from snippets.choosing.choose import QUESTIONS, RULES, Rule, choose

PATHS = list(itertools.product(*QUESTIONS.values()))


@pytest.fixture
def chooser(page: Page) -> Page:
    """Open the page of the chooser."""
    page.goto("/guide/choosing.html")
    return page


def told(rule: Rule) -> list[str]:
    """Return what the chooser says of a rule, line by line."""
    return [
        f"Take: {rule.model}",
        f"Because: {rule.because}",
        f"Watch for: {rule.beware}",
        f"Copy: {rule.program}",
    ]


@pytest.mark.parametrize("path", PATHS, ids=", ".join)
def test_every_path_by_keyboard(path: tuple[str, ...], chooser: Page) -> None:
    """Tab goes to a question, the space bar takes the first answer, arrows go on."""
    while chooser.evaluate("document.activeElement.type") != "radio":
        chooser.keyboard.press("Tab")
    for choices, answer in zip(QUESTIONS.values(), path, strict=True):
        chooser.keyboard.press("Space")
        for _ in range(choices.index(answer)):
            chooser.keyboard.press("ArrowRight")
        chooser.keyboard.press("Tab")
    rule = choose(*path)
    assert chooser.locator(".answer p").all_inner_texts() == told(rule)
    number = RULES.index(rule)
    assert chooser.evaluate(
        "[...document.querySelectorAll('table.rules tbody tr')]"
        ".flatMap((row, number) => row.matches('.chosen') ? [number] : [])"
    ) == [number]
    chooser.keyboard.press("Enter")  # the link to the program is what comes next
    chooser.wait_for_url(f"**/{rule.program.partition('/')[0]}.html#program-*")
    assert chooser.locator(":target").count() == 1


def test_it_says_how_many_questions_are_left(chooser: Page) -> None:
    said = [chooser.locator(".answer").inner_text()]
    for answer in PATHS[0][:3]:
        chooser.get_by_label(answer, exact=True).check()
        said.append(chooser.locator(".answer").inner_text())
    left = [f"{number} questions are left." for number in (4, 3, 2)]
    assert said == [*left, "One question is left."]
    assert chooser.locator("tr.chosen").count() == 0


def test_another_answer_changes_the_advice(chooser: Page) -> None:
    for path in (PATHS[0], PATHS[-1], PATHS[0]):
        for answer in path:
            chooser.get_by_label(answer, exact=True).check()
        assert chooser.locator(".answer p").all_inner_texts() == told(choose(*path))


@pytest.fixture
def page_without_script(browser: Browser, address: str) -> Iterator[Page]:
    """Open a tab of a reader who allows no JavaScript."""
    context = browser.new_context(base_url=address, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_without_script_the_table_is_all_there_is(page_without_script: Page) -> None:
    page_without_script.goto("/guide/choosing.html")
    assert not page_without_script.locator("form.chooser").is_visible()
    rows = page_without_script.locator("table.rules tbody tr")
    assert rows.count() == len(RULES)
    assert all(row.is_visible() for row in rows.all())
