// Shows what is found in the sections of the site: find.js.
const list = document.querySelector("#search-places");
const said = document.querySelector("#search-said");
const query = new URLSearchParams(location.search).get("q")?.trim() ?? "";
const SHOWN = 100; // characters of a query

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
  const { find } = await import("./find.js");
  const { number, places } = await find(query);
  list.replaceChildren(...places.map(item));
  const asked = query.length > SHOWN ? `${query.slice(0, SHOWN)}…` : query;
  const many = `${number} ${number === 1 ? "place" : "places"}`;
  said.textContent = number
    ? `${many} for “${asked}”${number > places.length ? `, the best ${places.length} are shown` : ""}.`
    : `Nothing was found for “${asked}”.`;
}

show().catch(() => {
  said.textContent =
    location.protocol === "file:"
      ? "Search does not work where pages are opened from a folder. Serve it: python -m http.server"
      : "The index of the search could not be loaded. Load this page again.";
});
