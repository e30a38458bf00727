// Chosen files as a list with pictures, sizes and a way to take one back. Contract, on <input type="file">:
//   data-files                         switches this on
//   data-max-files, data-max-bytes     limits (bytes are per file)
//   data-limits="image:1 video:2"      bytes of each kind of file, where they differ
//   data-too-many, data-too-big, data-wrong-kind   sentences; {name} and {size} are filled in
//   data-remove="Remove {name}" data-remove-short="Remove"
//   data-choose="Choose photos"        a button in the language of the page instead of the browser's own
// Choosing again adds to what is chosen. What is refused is said under the list; the others stay.

export function sizeText(bytes) {
  return bytes < 1024000 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

export function fill(sentence, file) {
  return (sentence || "").replaceAll("{name}", file.name).replaceAll("{size}", sizeText(file.size));
}

function kindAllowed(input, file) {
  const kinds = input.accept.split(",").map((kind) => kind.trim().toLowerCase()).filter(Boolean);
  const name = file.name.toLowerCase();
  return !kinds.length || kinds.some(
    (kind) => (kind.startsWith(".") ? name.endsWith(kind)
      : kind.endsWith("/*") ? file.type.startsWith(kind.slice(0, -1)) : file.type === kind),
  );
}

function mostBytes(input, file) {
  const kind = file.type.split("/")[0] || (/\.hei[cf]$/i.test(file.name) ? "image" : "");
  const limit = (input.dataset.limits || "").split(" ").find((one) => kind && one.startsWith(`${kind}:`));
  return Number(limit ? limit.split(":")[1] : input.dataset.maxBytes || Infinity);
}

export function refusal(input, file, chosen) {
  if (chosen.some((known) => known.name === file.name && known.size === file.size)) return "";
  if (!kindAllowed(input, file)) return fill(input.dataset.wrongKind, file);
  if (file.size > mostBytes(input, file)) return fill(input.dataset.tooBig, file);
  if (chosen.length >= Number(input.dataset.maxFiles || Infinity)) return fill(input.dataset.tooMany, file);
  return null;
}

export function picture(file) {
  if (!file.type.startsWith("image/")) return kindOf(file);
  const shown = document.createElement("img");
  shown.alt = "";
  shown.src = URL.createObjectURL(file);
  shown.addEventListener("load", () => URL.revokeObjectURL(shown.src), { once: true });
  // What the browser cannot draw, such as HEIC in most of them, is named instead.
  shown.addEventListener("error", () => shown.replaceWith(kindOf(file)), { once: true });
  return shown;
}

function kindOf(file) {
  const shown = document.createElement("span");
  shown.className = "ph ph-file";
  shown.setAttribute("aria-hidden", "true");
  shown.textContent = (file.name.split(".").pop() || "").slice(0, 4).toUpperCase();
  return shown;
}

function row(input, file, remove) {
  const item = document.createElement("li");
  item.className = "file";
  const about = document.createElement("div");
  const name = document.createElement("b");
  name.textContent = file.name;
  const size = document.createElement("span");
  size.className = "quiet num nb";
  size.textContent = ` ${sizeText(file.size)}`;
  about.append(name, size);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-link";
  button.textContent = input.dataset.removeShort || "×";
  button.setAttribute("aria-label", fill(input.dataset.remove, file) || file.name);
  button.addEventListener("click", remove);
  const act = document.createElement("div");
  act.append(button);
  item.append(picture(file), about, act);
  return item;
}

export function chooser(input) {
  const label = document.createElement("label");
  label.className = "btn btn-line";
  label.htmlFor = input.id;
  label.textContent = input.dataset.choose;
  input.classList.add("visually-hidden");
  input.after(label);
  return label;
}

function start(input) {
  let chosen = [];
  const list = document.createElement("ul");
  list.className = "rows";
  const told = document.createElement("p");
  told.className = "err mb-0";
  told.setAttribute("role", "status");
  const last = input.dataset.choose ? chooser(input) : input;
  last.after(list, told);

  function show() {
    const bag = new DataTransfer();
    for (const file of chosen) bag.items.add(file);
    input.files = bag.files;
    list.replaceChildren(...chosen.map((file) => row(input, file, () => {
      chosen = chosen.filter((other) => other !== file);
      told.textContent = "";
      show();
      input.focus();
    })));
    list.hidden = !chosen.length;
    input.dispatchEvent(new CustomEvent("files:changed", { bubbles: true }));
  }

  input.addEventListener("change", () => {
    const faults = [];
    for (const file of input.files) {
      const fault = refusal(input, file, chosen);
      if (fault === null) chosen.push(file);
      else if (fault) faults.push(fault);
    }
    told.textContent = faults.join(" ");
    show();
  });
  show();
}

for (const input of document.querySelectorAll("input[type=file][data-files]")) start(input);
