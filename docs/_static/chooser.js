// Answers the questions from the rows of the table: the first that fits counts.
const form = document.querySelector("form.chooser");
const answer = form.querySelector(".answer");
const questions = form.querySelectorAll("fieldset");
const rows = [...document.querySelectorAll("table.rules tbody tr")];

const fits = (row, given) =>
  [...row.querySelectorAll(".given")].every((item) => given.includes(item.textContent));

function sentence(title, cell) {
  const line = document.createElement("p");
  line.append(`${title}: `, ...cell.querySelector("p").cloneNode(true).childNodes);
  return line;
}

function show() {
  const given = [...form.querySelectorAll(":checked")].map((input) => input.value);
  const left = questions.length - given.length;
  const chosen = left ? undefined : rows.find((row) => fits(row, given));
  rows.forEach((row) => row.classList.toggle("chosen", row === chosen));
  if (chosen) {
    const titles = [...chosen.closest("table").querySelectorAll("th")].slice(1);
    const cells = [...chosen.cells].slice(1);
    answer.replaceChildren(
      ...titles.map((title, number) => sentence(title.textContent, cells[number])),
    );
  } else {
    answer.textContent = left === 1 ? "One question is left." : `${left} questions are left.`;
  }
}

form.addEventListener("change", show);
show(); // the browser may have kept the answers
