"""Search finds what people type, and says plainly when it finds nothing."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from snippets._tools.catalogue import ROOT

SITE = ROOT / "build/html"
PARTS = tomllib.loads(Path(__file__).with_name("queries.toml").read_text("utf-8"))
NOWHERE = PARTS.pop("nowhere")
OTHER_WORDS = PARTS["other_words"]
FIRST = 0.95  # of the queries have their place first; all have it among three


def search(page: Page, query: str) -> list[str]:
    """Return the places that are found, in their order."""
    page.goto(f"/search.html?q={quote(query)}")
    said = page.locator("#search-said")
    expect(said).to_have_text(re.compile(r"places? for|Nothing"))
    links = page.locator("#search-places a").all()
    return [str(link.get_attribute("href")).removeprefix("./") for link in links]


FIND = """async (queries) => {
  const { find } = await import("/_static/find.js");
  const found = [];
  for (const query of queries) found.push((await find(query)).places);
  return found.map((places) => places.map((place) => place.meta.at));
}"""


def find(page: Page, queries: Iterable[str]) -> dict[str, list[str]]:
    """Return the places that each query finds, without showing them."""
    asked = list(queries)
    page.goto("/search.html")
    return dict(zip(asked, page.evaluate(FIND, asked), strict=True))


def fits(found: str, place: str) -> bool:
    """Tell whether a place is the one, or on the page, that should come first."""
    found = found.replace(".html", "")
    return place in {found, found.partition("#")[0]}


def test_what_people_type_is_found_first(page: Page) -> None:
    queries = {query: place for part in PARTS.values() for query, place in part.items()}
    later = []
    for query, found in find(page, queries).items():
        near = [fits(item, queries[query]) for item in found[:3]]
        assert any(near) or query in OTHER_WORDS, f"{query}: {found[:3]}"
        if near[:1] != [True]:
            later.append(query)
    assert len(queries) >= 130
    assert 1 - len(later) / len(queries) >= FIRST, later


def test_what_is_nowhere_is_answered_by_nothing_and_by_where_to_look(
    page: Page,
) -> None:
    found = find(page, NOWHERE)
    assert {query: places for query, places in found.items() if places} == {}
    assert search(page, "django") == []
    for name in "Symptoms", "catalogue", "index":
        expect(page.get_by_role("main").get_by_role("link", name=name)).to_be_visible()


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("semaphores", "Semaphore: so many and no more"),  # its stem
        (".Lock", "The lock"),
        ("Semaphore(10)", "Semaphore: so many and no more"),
        ("Queue.shutdown", "Queue.shutdown"),
    ],
)
def test_words_are_taken_apart_as_in_the_index(
    query: str, title: str, page: Page
) -> None:
    search(page, query)
    expect(page.locator("#search-places a").first).to_have_text(title)


def test_apostrophes_take_no_word_apart(page: Page) -> None:
    quoted = "can\N{RIGHT SINGLE QUOTATION MARK}t"
    found = find(page, ["can't", quoted, "cant", "can"])
    assert found["can't"] == found[quoted] == found["cant"] != found["can"]
    assert found["can't"]


def test_part_of_a_word_finds_nothing(page: Page) -> None:
    assert search(page, "semaph") == []
    assert search(page, "semaphorexyz") == []


def test_paths_of_whoever_pastes_do_not_count(page: Page) -> None:
    message = "RuntimeError: Event loop is closed"
    asked = f'File "/home/barrier/semaphore/pool.py", line 7, in deadlock {message}'
    assert search(page, asked) == search(page, message)


def test_a_result_leads_to_its_place(page: Page) -> None:
    assert search(page, "task_done skipped")
    link = page.locator("#search-places a").first
    title = link.inner_text()
    link.click()
    heading = page.locator(":target :is(h1, h2, h3)").first
    expect(heading).to_contain_text(title)


def test_a_message_of_which_the_guide_has_a_part_is_found(page: Page) -> None:
    found = search(page, "xyzzy: 'coroutine was never awaited' in frobnicate 0x7f12")
    assert found[0].endswith("#symptom-never-awaited")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Type what you look for"),
        ("   ", "Type what you look for"),
        ("qqqqzzzz", "Nothing was found for “qqqqzzzz”."),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("%", "Nothing was found for “%”."),
    ],
)
def test_whatever_is_asked_is_answered_in_words(
    query: str, said: str, page: Page
) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"it ran: {dialog.message}"))
    page.goto(f"/search.html?q={quote(query)}")
    expect(page.locator("#search-said")).to_contain_text(said)
    assert page.locator("#search-said *, #search-places img").count() == 0


def test_ten_thousand_characters_with_markup_are_answered(page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"it ran: {dialog.message}"))
    markup = "<img src=x onerror=alert(1)>\"'&amp;<script>alert(2)</script> "
    padding = (markup + " ".join(f"word{i}" for i in range(2000)))[:9950]
    message = " Task was destroyed but it is pending!"
    found = search(page, padding + message)
    assert found[0].endswith("#symptom-destroyed-task")
    said = page.locator("#search-said")
    assert len(said.inner_text()) < 200
    assert page.locator("#search-said *, #search-places img").count() == 0
    search(page, (markup * 200)[:10_000])
    assert page.locator("#search-said *, #search-places img").count() == 0


def test_the_box_leads_to_the_results_and_keeps_the_query(page: Page) -> None:
    page.goto("/guide/threads.html")
    box = page.get_by_role("searchbox")
    box.fill("BrokenProcessPool")
    box.press("Enter")
    page.wait_for_url("**/search.html?q=BrokenProcessPool")
    expect(page.locator("#search-places li").first).to_contain_text("BrokenProcessPool")
    expect(page.get_by_role("searchbox")).to_have_value("BrokenProcessPool")


def test_an_index_that_cannot_be_had_is_said(page: Page) -> None:
    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/pagefind/**", refuse)
    page.goto("/search.html?q=lock")
    expect(page.locator("#search-said")).to_contain_text("could not be loaded")
    expect(page.get_by_role("link", name="Symptoms").last).to_be_visible()


@pytest.fixture
def folder(browser: Browser) -> Iterator[Page]:
    """Open a tab that opens files from a folder."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_from_a_folder_it_says_how_to_serve_it(folder: Page) -> None:
    folder.goto(f"{(SITE / 'search.html').as_uri()}?q=lock")
    expect(folder.locator("#search-said")).to_contain_text("python -m http.server")
    expect(folder.get_by_role("link", name="Symptoms").last).to_be_visible()
