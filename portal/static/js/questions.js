// Shows the further questions of the chosen sector only. Contract:
//   <details data-questions="fire">    the questions of one sector; without script each stands behind its name
// The sector is the exact one (select "sector"), else the kind (radio "category"), else the situation's (its
// <optgroup data-sector>). Hidden questions are switched off, so that nothing invisible is sent.

function sectorOf(form) {
  const exact = form.elements.sector?.value;
  if (exact) return exact;
  const kind = form.elements.category?.value;
  if (kind && kind !== "other") return kind;
  return form.elements.situation?.selectedOptions?.[0]?.closest("optgroup")?.dataset.sector || "";
}

function apply(form) {
  const sector = sectorOf(form);
  for (const part of form.querySelectorAll("details[data-questions]")) {
    const shown = part.dataset.questions === sector;
    part.hidden = !shown;
    if (shown) part.open = true;
    for (const control of part.querySelectorAll("input")) control.disabled = !shown;
  }
}

for (const form of document.querySelectorAll("form")) {
  if (!form.querySelector("details[data-questions]")) continue;
  form.addEventListener("change", () => apply(form));
  window.addEventListener("pageshow", () => apply(form));
  apply(form);
}
