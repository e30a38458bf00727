// What was given so far, as label and value under each step's name, with a button back to the step.

const SKIPPED = new Set(["hidden", "submit", "button", "reset", "image"]);

function clean(text) {
  return (text || "").replace(/\s+/g, " ").trim();
}

// The label's own words, without "(optional)" and explanations in small.
function wordsOf(element) {
  if (!element) return "";
  const copy = element.cloneNode(true);
  for (const extra of copy.querySelectorAll("small, .quiet, .ico")) extra.remove();
  return clean(copy.textContent);
}

function labelOf(control) {
  if (control.dataset.reviewLabel) return control.dataset.reviewLabel;
  if (["radio", "checkbox"].includes(control.type)) {
    const legend = control.closest("fieldset")?.querySelector("legend");
    if (legend) return wordsOf(legend);
  }
  return wordsOf(control.labels?.[0]);
}

function masked(text) {
  if (text.length < 2) return "＊";
  return text.length < 7 ? `${text[0]}${"＊".repeat(text.length - 1)}` : `${text.slice(0, 3)}＊＊＊＊${text.slice(-4)}`;
}

function valueOf(control) {
  if (control.type === "file") return [...control.files].map((file) => file.name).join("\n");
  if (control.tagName === "SELECT") return control.value ? clean(control.selectedOptions[0]?.textContent) : "";
  if (["radio", "checkbox"].includes(control.type)) return control.checked ? wordsOf(control.labels?.[0]) : "";
  return control.dataset.review === "mask" && control.value ? masked(control.value.trim()) : control.value.trim();
}

function pairsOf(section) {
  const pairs = new Map();
  for (const control of section.querySelectorAll("input, select, textarea")) {
    if (control.disabled || SKIPPED.has(control.type) || control.dataset.review === "skip") continue;
    const label = labelOf(control);
    const known = pairs.get(label);
    const value = valueOf(control);
    pairs.set(label, known && value ? `${known}, ${value}` : known || value);
  }
  return pairs;
}

export function review(target, sections, texts, change) {
  const parts = sections.map((section, index) => {
    const part = document.createElement("div");
    const heading = document.createElement("h3");
    heading.className = "review-title";
    heading.textContent = section.dataset.step;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-link";
    button.textContent = texts.change;
    button.setAttribute("aria-label", `${texts.change}: ${section.dataset.step}`);
    button.addEventListener("click", () => change(index));
    const given = [...pairsOf(section)].filter(([label, value]) => label && value);
    const list = document.createElement(given.length ? "dl" : "p");
    list.className = given.length ? "facts" : "quiet mb-0";
    if (!given.length) list.textContent = texts.none;
    for (const [label, value] of given) {
      const term = document.createElement("dt");
      term.textContent = label;
      const said = document.createElement("dd");
      said.className = "said";
      said.textContent = value;
      list.append(term, said);
    }
    const head = document.createElement("div");
    head.className = "review-head";
    head.append(heading, button);
    part.append(head, list);
    return part;
  });
  target.replaceChildren(...parts);
}
