// Checks the controls of a section with the browser's own rules and says the sentences of the page beside the fields.

const KEPT = "data-fault";

function groupOf(control) {
  return control.closest(".field") || control.parentElement;
}

function firstOf(control) {
  if (control.type !== "radio") return control;
  return control.form.querySelector(`input[type=radio][name="${CSS.escape(control.name)}"]`) || control;
}

function sentence(control, texts) {
  if (control.validity.valueMissing) return control.dataset.msgRequired || texts.required || control.validationMessage;
  return control.dataset.msgInvalid || texts.invalid || control.validationMessage;
}

function describe(control, id, on) {
  const target = control.type === "radio" ? control.closest("fieldset") || control : control;
  const ids = new Set((target.getAttribute("aria-describedby") || "").split(" ").filter(Boolean));
  if (on) ids.add(id);
  else ids.delete(id);
  if (ids.size) target.setAttribute("aria-describedby", [...ids].join(" "));
  else target.removeAttribute("aria-describedby");
}

function complain(control, texts) {
  const group = groupOf(control);
  const id = `${control.id}-e`;
  let told = group.querySelector(".err");
  if (!told) {
    told = document.createElement("p");
    told.className = "err";
    const anchor = control.closest(".pick") || control.closest(".form-check") || control;
    anchor.before(told);
  }
  told.id = id;
  told.textContent = sentence(control, texts);
  group.classList.add("invalid");
  group.setAttribute(KEPT, control.id);
  if (control.type !== "radio") control.setAttribute("aria-invalid", "true");
  describe(control, id, true);
}

// Takes the sentence away once the field is right again.
export function mend(control) {
  const group = control.closest?.(`[${KEPT}]`);
  if (!group || !control.validity?.valid) return;
  const first = document.getElementById(group.getAttribute(KEPT));
  if (!first || firstOf(control) !== first) return;
  describe(first, `${first.id}-e`, false);
  first.removeAttribute("aria-invalid");
  group.querySelector(".err")?.remove();
  group.classList.remove("invalid");
  group.removeAttribute(KEPT);
}

export function checkSection(section, texts, { quiet = false } = {}) {
  const faulty = new Set();
  for (const control of section.querySelectorAll("input, select, textarea")) {
    if (control.willValidate && !control.validity.valid) faulty.add(firstOf(control));
  }
  if (quiet) return faulty.size === 0;
  for (const control of faulty) complain(control, texts);
  const [first] = faulty;
  first?.focus();
  return faulty.size === 0;
}
