"""Every page is there for everybody: by keyboard, on a phone, and under its policy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from snippets._tools.catalogue import ROOT

SITE = ROOT / "build/html"
PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts
)
SOME = ["index.html", "guide/threads.html", "reference/symptoms.html", "search.html"]
NARROW = {"width": 320, "height": 640}  # which is also 1280 px at 400 %
SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""
CUT_WORDS = """() => [...document.querySelectorAll("h1")].flatMap((title) =>
  [...title.childNodes].filter((part) => part.nodeType === Node.TEXT_NODE).flatMap(
    (text) => [...text.data.matchAll(/[A-Za-z]+/g)].filter(({ 0: word, index }) => {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      return range.getClientRects().length > 1;
    }).map(([word]) => word)))"""
FOCUS = """() => {
  const item = document.activeElement;
  if (item === document.body) return null;
  const style = getComputedStyle(item);
  const seen = item.matches(":focus-visible") && style.outlineStyle !== "none";
  const box = item.getBoundingClientRect();
  return [item.outerHTML.slice(0, 120), seen, box.width > 0 && box.height > 0];
}"""
# The theme wants them outside of every landmark; the lists have a test of their own.
TOGGLES_LEFT_OUT = {"exclude": [[".sidebar-toggle"]]}
COLOURS_ONLY = {"runOnly": ["color-contrast"]}  # all else is as in the light
FOCUSABLE = "a[href], button, input, summary, [tabindex='0']"


@contextmanager
def tab(browser: Browser, address: str, **settings: Any) -> Iterator[Page]:  # noqa: ANN401 - of Playwright
    """Open a tab of a reader with settings of their own."""
    context = browser.new_context(base_url=address, **settings)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(name: str, browser: Browser, address: str) -> None:
    with tab(browser, address, color_scheme="light", bypass_csp=True) as page:
        page.goto(f"/{name}")
        page.locator("details").evaluate_all("all => all.forEach((d) => d.open = true)")
        found = Axe().run(page, TOGGLES_LEFT_OUT)
        assert found.violations_count == 0, found.generate_report()
        page.emulate_media(color_scheme="dark")
        found = Axe().run(page, TOGGLES_LEFT_OUT, COLOURS_ONLY)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_loaded_that_is_not_ours_and_nothing_is_refused(
    name: str, browser: Browser, address: str
) -> None:
    with tab(browser, address) as page:
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("requestfailed", lambda request: said.append(request.url))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"/{name}", wait_until="networkidle")
        assert said == []
        assert [url for url in asked if not url.startswith((address, "data:"))] == []
        policy = page.locator("meta[http-equiv='Content-Security-Policy']")
        assert "unsafe-inline" not in str(policy.get_attribute("content"))


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_page_is_as_wide_as_its_window_and_stays_in_place(
    name: str, browser: Browser, address: str
) -> None:
    with tab(browser, address, viewport=NARROW) as page:
        page.goto(f"/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        assert page.evaluate(SHIFTS) == 0
        assert page.evaluate(CUT_WORDS) == []


@pytest.mark.parametrize("name", SOME)
def test_the_keyboard_reaches_everything_and_is_seen(
    name: str, browser: Browser, address: str
) -> None:
    with tab(browser, address, viewport={"width": 1440, "height": 900}) as page:
        page.goto(f"/{name}")
        reached = set()
        while True:
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            if focus is None:
                break
            html, seen, there = focus
            assert seen, f"the focus is not seen: {html}"
            assert there, f"it has no size: {html}"
            reached.add(html)
        wanted = page.locator(f":is({FOCUSABLE}):visible")
        assert wanted.count() > 5
        missed = set(
            wanted.evaluate_all("all => all.map((i) => i.outerHTML.slice(0, 120))")
        )
        assert missed - reached == set()


@pytest.mark.parametrize(
    ("toggle", "drawer"),
    [
        ("Toggle site navigation sidebar", "All pages"),
        ("Toggle table of contents sidebar", "On this page"),
    ],
)
def test_lists_that_are_folded_away_are_opened_by_keyboard(
    toggle: str, drawer: str, browser: Browser, address: str
) -> None:
    with tab(browser, address, viewport=NARROW) as page:
        page.goto("/guide/threads.html")
        box = page.get_by_role("checkbox", name=toggle)
        links = page.get_by_role("complementary", name=drawer).get_by_role("link")
        while not box.evaluate("box => box === document.activeElement"):
            page.keyboard.press("Tab")
        expect(links).to_have_count(0)
        page.keyboard.press("Space")
        expect(links.first).to_be_in_viewport()
        page.keyboard.press("Space")
        expect(links).to_have_count(0)


def test_nothing_moves_for_who_wants_no_motion(browser: Browser, address: str) -> None:
    with tab(browser, address, reduced_motion="reduce") as page:
        page.goto("/guide/threads.html")
        moving = """() => [...document.querySelectorAll("*")].filter((item) => {
          const style = getComputedStyle(item);
          const still = (times) => times.split(", ").every((t) => parseFloat(t) < 0.01);
          return style.scrollBehavior === "smooth" || !still(style.transitionDuration)
            || !still(style.animationDuration);
        }).map((item) => item.outerHTML.slice(0, 100))"""
        assert page.evaluate(moving) == []


def test_without_javascript_everything_is_there(browser: Browser, address: str) -> None:
    with tab(browser, address, java_script_enabled=False) as page:
        page.goto("/guide/threads.html")
        expect(page.get_by_text("worker_threads.py").first).to_be_visible()
        page.locator("summary", has_text="Timeline of a run").first.click()
        expect(page.locator("svg.drawing").first).to_be_visible()
        page.goto("/search.html?q=lock")
        expect(page.get_by_text("Search needs JavaScript.")).to_be_visible()
        expect(page.get_by_role("link", name="Symptoms").last).to_be_visible()


def test_from_a_folder_a_page_is_what_it_is_on_a_server(browser: Browser) -> None:
    with tab(browser, SITE.as_uri()) as page:
        page.goto((SITE / "guide/threads.html").as_uri())
        code = page.locator(".highlight .k").first
        assert code.evaluate("item => getComputedStyle(item).color") != "rgb(0, 0, 0)"
        page.get_by_role("link", name="Next").click()
        expect(page.locator("h1")).to_contain_text("3.")


def test_a_wrong_address_leads_on(browser: Browser, address: str) -> None:
    with tab(browser, address) as page:
        page.goto("/404.html")
        for link in page.locator("article a[href]:not(.headerlink)").all():
            target = str(link.get_attribute("href"))
            assert target.startswith("/"), "from wherever, it must lead to the root"
            assert (SITE / target.lstrip("/")).exists()


def test_a_page_is_printed_without_what_only_a_screen_needs(
    browser: Browser, address: str
) -> None:
    with tab(browser, address, color_scheme="dark") as page:
        page.goto("/guide/threads.html")
        page.emulate_media(media="print")
        for selector in (".sidebar-drawer", ".toc-drawer", "button.copybtn"):
            expect(page.locator(selector).first).to_be_hidden()
        pre = page.locator("article pre").first
        assert pre.evaluate("pre => pre.scrollWidth - pre.clientWidth") <= 0
        ground = "body => getComputedStyle(body).backgroundColor"
        assert page.locator("body").evaluate(ground) in {
            "rgb(255, 255, 255)",
            "rgba(0, 0, 0, 0)",
        }
