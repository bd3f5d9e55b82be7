// Shows what Pagefind finds in the sections of the site: docs/_ext/search.py.
const places = document.querySelector("#search-places");
const said = document.querySelector("#search-said");
const query = new URLSearchParams(location.search).get("q")?.trim() ?? "";
const MOST = 20;

// Pagefind finds sections that have every word; but of a message that somebody pastes,
// the guide has most words, not all. Each word adds to the score of the sections that
// have it, rare words more, and all of them together add twice as much again.
async function find(pagefind) {
  const words = [...new Set(query.match(/[\p{L}\p{N}_+=]+/gu))];
  const found = new Map();
  for (const [part, weight] of [...words.map((word) => [word, 1]), [words.join(" "), 2]]) {
    for (const result of (await pagefind.search(part)).results) {
      const score = (found.get(result.id)?.score ?? 0) + weight * result.score;
      found.set(result.id, { result, score });
    }
  }
  return [...found.values()].sort((a, b) => b.score - a.score).map(({ result }) => result);
}

function place({ url, meta, excerpt }) {
  const item = document.createElement("li");
  const link = item.appendChild(document.createElement("a"));
  link.href = document.documentElement.dataset.content_root + url.replace(/^\//, "");
  link.textContent = meta.title;
  const where = item.appendChild(document.createElement("p"));
  where.className = "search-where";
  where.textContent = meta.where ?? "";
  const text = item.appendChild(document.createElement("p"));
  text.innerHTML = excerpt; // Pagefind escapes it, and marks the words
  return item;
}

async function show() {
  document.querySelector(".sidebar-search").value = query;
  if (!query) {
    said.textContent = "Type what you look for: a message, a name or a symptom.";
    return;
  }
  said.textContent = "Searching …";
  const pagefind = await import("../pagefind/pagefind.js");
  // What the queries of tests/browser/queries.toml are best answered by.
  await pagefind.options({ ranking: { pageLength: 0, termFrequency: 0.5 } });
  const results = await find(pagefind);
  const shown = await Promise.all(results.slice(0, MOST).map((result) => result.data()));
  places.replaceChildren(...shown.map(place));
  const many = `${results.length} ${results.length === 1 ? "place" : "places"}`;
  said.textContent = results.length
    ? `${many} for “${query}”${results.length > MOST ? `, the first ${MOST} are shown` : ""}.`
    : `Nothing was found for “${query}”.`;
}

show().catch(() => {
  said.textContent =
    "Search does not work where pages are opened from a folder. Serve it: python -m http.server";
});
