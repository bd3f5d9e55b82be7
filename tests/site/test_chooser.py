"""The chooser without its script: questions that are hidden, and a table of rules."""

from bs4 import BeautifulSoup, Tag

from snippets._tools.catalogue import ROOT
from snippets.choosing.choose import QUESTIONS, RULES

SITE = ROOT / "build/html"
PAGE = SITE / "guide/choosing.html"
SOUP = BeautifulSoup(PAGE.read_text(encoding="utf-8"), "html.parser")


def only(selector: str, page: BeautifulSoup | Tag = SOUP) -> Tag:
    """Return the one element there is of a kind."""
    (found,) = page.select(selector)
    return found


def test_the_table_has_every_rule_in_its_order() -> None:
    rows = SOUP.select("table.rules tbody tr")
    for row, rule in zip(rows, RULES, strict=True):
        cells = [" ".join(cell.get_text().split()) for cell in row.select("td")]
        assert cells == [
            ", ".join(rule.answers),
            rule.model,
            rule.because,
            rule.beware,
            rule.program,
        ]
        assert [item.text for item in row.select(".given")] == list(rule.answers)


def test_every_rule_leads_to_its_program() -> None:
    for link in SOUP.select("table.rules a"):
        page, _, anchor = str(link["href"]).partition("#")
        target = PAGE.parent / page if page else PAGE
        shown = BeautifulSoup(target.read_text(encoding="utf-8"), "html.parser")
        caption = only(f"#{anchor} .code-block-caption", shown)
        assert caption.text.startswith(f"{link.text.rpartition('/')[2]}.py")


def test_every_question_is_asked() -> None:
    form = only("form.chooser")
    assert only(".answer", form).text == f"{len(QUESTIONS)} questions are left."
    asked = {}
    for group in form.select("fieldset"):
        buttons = group.select("input")
        assert len({button["name"] for button in buttons}) == 1
        labels = [label.text.strip() for label in group.select("label")]
        assert [button["value"] for button in buttons] == labels
        asked[only("legend", group).text] = tuple(labels)
    assert asked == QUESTIONS


def test_only_the_page_that_asks_loads_the_script() -> None:
    pages = [page for page in SITE.rglob("*.html") if "_static" not in page.parts]
    loading = [page for page in pages if "chooser.js" in page.read_text("utf-8")]
    assert loading == [PAGE]
