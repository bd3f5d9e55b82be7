// Finds the sections that answer what somebody types or pastes.
//
// Pagefind wants all words, or longer or shorter ones; of a message the guide has some. So
// each word is asked for alone: in quotes, which finds it or its stem only, and without,
// which tells how much is said of it. Figures: as tests/browser/queries.toml is best met.
const LONGEST = 100; // words: the last, as a traceback ends with its message
const COMMON = new Set(
  (
    "a all an and any are as at be been but by did do does done for from get had has have how i if in " +
    "into is it just my no not of on only or so some that the their them then there these this those " +
    "to use used was we were what when where which why will with would you your"
  ).split(" "),
);
const THEIR_OWN =
  /traceback \(most recent call last\)|file "[^"]*", line \d+(, in \S+)?|(?<![\w.)])(~|[a-z]:)?[\\/][\w.~@+\\/-]+/g;

// As the index has them: `a.Lock` is `a`, `lock` and `alock`, `can't` has no `'`.
function wordsOf(text) {
  const words = new Set();
  const said = text.toLowerCase().replace(THEIR_OWN, " ").replace(/(?<=\p{L})['’](?=\p{L})/gu, "");
  for (const [word] of said.matchAll(/\+=|[\p{L}\p{N}_]+([.-][\p{L}\p{N}_]+)*/gu)) {
    const parts = word.split(/[.-]/);
    for (const part of [parts.join(""), ...parts]) words.add(part);
  }
  const telling = [...words].filter((word) => word.length > 1 && !COMMON.has(word));
  return telling.length ? telling : [...words];
}

// Enough for titles.
const stem = (word) => word.replace(/(?<=\p{L}{3})(ing|ed|es|s|e)$/u, "");
const stemsOf = (text = "") => [...new Set(wordsOf(text).map(stem))];

let loaded;
async function load() {
  const pagefind = await import("../pagefind/pagefind.js");
  const metaWeights = { title: 0, where: 0, at: 0 }; // found by an address: 0
  await pagefind.options({ ranking: { pageLength: 0, termFrequency: 0.5, termSimilarity: 6, metaWeights } });
  return { pagefind, total: (await pagefind.search(null)).results.length };
}

// Return how many sections there are, and the best, as Pagefind has them.
export async function find(query) {
  const words = wordsOf(query).slice(-LONGEST);
  const { pagefind, total } = await (loaded ??= load());
  const rarity = (number) => Math.log(1 + (total - number + 0.5) / (number + 0.5));
  const found = new Map();
  const weights = new Map(); // by stem
  let all = 0;
  const ask = async (word) => {
    const [exact, near] = await Promise.all([pagefind.search(`"${word}"`), pagefind.search(word)]);
    const ids = exact.results.filter(({ score }) => score).map(({ id }) => id);
    if (!ids.length) return;
    const weight = rarity(ids.length);
    weights.set(stem(word), weight);
    all += weight;
    for (const result of near.results.filter(({ id }) => ids.includes(id))) {
      const place = found.get(result.id) ?? { result, score: 0, said: 0 };
      place.score += (result.score / rarity(near.results.length)) * weight;
      place.said += weight;
      found.set(result.id, place);
    }
  };
  await Promise.all(words.map(ask));

  const sum = (stems, other) => stems.reduce((sum, word) => sum + (weights.get(word) ?? other), 0);
  const weigh = async ({ result, score }) => {
    const place = await result.data();
    const title = stemsOf(place.meta.title);
    const both = sum(title, 0);
    const match = both / sum(title, all / weights.size); // 1: the query has the whole title
    const around = sum(stemsOf(place.meta.where).filter((word) => !title.includes(word)), 0);
    score *= 1 + ((1 + match) * both + around / 2) / all + 4 * match ** 2 * Math.min(both / 5, 1);
    // A name, no message: the guide explains it.
    if (words.length < 4 && place.meta.at.startsWith("guide/")) score *= 1.3;
    return { place, score };
  };
  for (const place of found.values()) place.score *= (place.said / all) ** 0.7;
  const byScore = (a, b) => b.score - a.score;
  const best = [...found.values()].sort(byScore).slice(0, 20).map(weigh);
  const places = (await Promise.all(best)).sort(byScore).map(({ place }) => place);
  return { number: found.size, places };
}
