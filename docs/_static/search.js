// Shows what Pagefind finds in the sections of the site: docs/_ext/pages/search.py.
const list = document.querySelector("#search-places");
const said = document.querySelector("#search-said");
const query = new URLSearchParams(location.search).get("q")?.trim() ?? "";
const MOST = 20;

const wordsOf = (text) => new Set(text.toLowerCase().match(/[\p{L}\p{N}_+=]+/gu));

// Pagefind finds sections that have every word; but of a message that somebody pastes,
// the guide has most words, not all. Each word adds to the score of the sections that
// have it, rare words more, and all of them together add twice as much again. Of the
// best, those come first whose title says it.
async function find(pagefind) {
  const words = [...wordsOf(query)];
  const found = new Map();
  for (const [part, weight] of [...words.map((word) => [word, 1]), [words.join(" "), 2]]) {
    for (const result of (await pagefind.search(part)).results) {
      const score = (found.get(result.id)?.score ?? 0) + weight * result.score;
      found.set(result.id, { result, score });
    }
  }
  const all = [...found.values()].sort((a, b) => b.score - a.score);
  const best = all.slice(0, MOST).map(async ({ result, score }) => {
    const place = await result.data();
    const title = wordsOf(place.meta.title);
    const said = words.filter((word) => title.has(word)).length / words.length;
    return { place, score: score * (1 + said) };
  });
  const places = (await Promise.all(best)).sort((a, b) => b.score - a.score);
  return { number: all.length, places: places.map(({ place }) => place) };
}

function item({ meta, excerpt }) {
  const entry = document.createElement("li");
  const link = entry.appendChild(document.createElement("a"));
  link.href = document.documentElement.dataset.content_root + meta.at;
  link.textContent = meta.title;
  const where = entry.appendChild(document.createElement("p"));
  where.className = "search-where";
  where.textContent = meta.where ?? "";
  const text = entry.appendChild(document.createElement("p"));
  text.innerHTML = excerpt; // Pagefind escapes it, and marks the words
  return entry;
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
  const { number, places } = await find(pagefind);
  list.replaceChildren(...places.map(item));
  const many = `${number} ${number === 1 ? "place" : "places"}`;
  said.textContent = number
    ? `${many} for “${query}”${number > MOST ? `, the best ${MOST} are shown` : ""}.`
    : `Nothing was found for “${query}”.`;
}

show().catch(() => {
  said.textContent =
    location.protocol === "file:"
      ? "Search does not work where pages are opened from a folder. Serve it: python -m http.server"
      : "The index of the search could not be loaded. Load this page again.";
});
