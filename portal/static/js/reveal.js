// Shows a part of a form only for some answers. Contract: <div data-reveal="name=value"> or "name=value1|value2".
// Hidden parts are switched off, so that nothing invisible is sent. Without script everything is shown.

function values(form, name) {
  return [...form.elements]
    .filter((control) => control.name === name && (!["radio", "checkbox"].includes(control.type) || control.checked))
    .map((control) => control.value);
}

function apply(form) {
  for (const part of form.querySelectorAll("[data-reveal]")) {
    const [name, wanted] = part.dataset.reveal.split("=");
    const shown = values(form, name).some((value) => wanted.split("|").includes(value));
    part.hidden = !shown;
    for (const control of part.querySelectorAll("input, select, textarea, button")) control.disabled = !shown;
  }
}

for (const form of document.forms) {
  if (!form.querySelector("[data-reveal]")) continue;
  form.addEventListener("change", () => apply(form));
  window.addEventListener("pageshow", () => apply(form));
  apply(form);
}
