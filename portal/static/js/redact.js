// Boxes drawn on a picture. The rows of the table are the truth; what is drawn fills them. Contract:
//   <form data-redact> <div data-drawing><img></div> <table data-boxes data-most="40"> rows of four inputs in percent,
//   each row with <button data-remove>. Elements marked data-with-script are shown, data-without-script hidden.

const form = document.querySelector("[data-redact]");
const drawing = form.querySelector("[data-drawing]");
const table = form.querySelector("[data-boxes]");
const body = table.tBodies[0];
const most = Number(table.dataset.most);
let begun = null;

function sides(row) {
  return [...row.querySelectorAll("input")];
}

function isEmpty(row) {
  return sides(row).every((side) => !side.value.trim());
}

function place(element, values) {
  const [left, top, width, height] = values;
  Object.assign(element.style, { left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%` });
}

function show() {
  for (const old of drawing.querySelectorAll(".black-box")) old.remove();
  [...body.rows].forEach((row, index) => {
    row.cells[0].textContent = index + 1;
    const values = sides(row).map((side) => Number.parseFloat(side.value));
    if (values.some(Number.isNaN)) return;
    const box = document.createElement("div");
    box.className = "black-box";
    box.textContent = index + 1;
    place(box, values);
    drawing.append(box);
  });
}

function freeRow() {
  const free = [...body.rows].find(isEmpty);
  if (free || body.rows.length >= most) return free;
  const row = body.rows[body.rows.length - 1].cloneNode(true);
  for (const side of sides(row)) side.value = "";
  body.append(row);
  return row;
}

function at(event) {
  const frame = drawing.getBoundingClientRect();
  const percent = (value, size) => Math.min(100, Math.max(0, (100 * value) / size));
  return [percent(event.clientX - frame.left, frame.width), percent(event.clientY - frame.top, frame.height)];
}

function between(first, second) {
  const round = (value) => Math.round(value * 10) / 10;
  const left = round(Math.min(first[0], second[0]));
  const top = round(Math.min(first[1], second[1]));
  return [left, top, round(Math.max(first[0], second[0]) - left), round(Math.max(first[1], second[1]) - top)];
}

drawing.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  event.preventDefault();
  const ghost = document.createElement("div");
  ghost.className = "black-box";
  begun = { at: at(event), ghost };
  drawing.append(ghost);
  drawing.setPointerCapture(event.pointerId);
});

drawing.addEventListener("pointermove", (event) => {
  if (begun) place(begun.ghost, between(begun.at, at(event)));
});

drawing.addEventListener("pointerup", (event) => {
  if (!begun) return;
  const values = between(begun.at, at(event));
  begun.ghost.remove();
  begun = null;
  if (values[2] < 0.5 || values[3] < 0.5) return;
  const row = freeRow();
  if (row) sides(row).forEach((side, index) => (side.value = values[index]));
  show();
});

drawing.addEventListener("pointercancel", () => {
  begun?.ghost.remove();
  begun = null;
});

body.addEventListener("input", show);
body.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove]");
  if (!button) return;
  for (const side of sides(button.closest("tr"))) side.value = "";
  show();
});

for (const element of form.ownerDocument.querySelectorAll("[data-with-script]")) element.hidden = false;
for (const element of form.ownerDocument.querySelectorAll("[data-without-script]")) element.hidden = true;
drawing.classList.add("live");
show();
