// Keys of the desk, on real buttons and links. Contract:
//   <button data-key="a">              pressed by A
//   <table data-keys-list>             J and K move over its rows; a row's first link is focused, Enter opens it
//   <nav data-keys-turn>               without a list: J follows its link rel="next", K rel="prev"
//   <input data-search>                focused by /
//   <span data-keys-for="list">        a hint in the bar, seen only where there is such a list
//   <aside data-keys-bar hidden>       the bar; ? moves the focus to its switch
//   <button data-keys-toggle data-on="Switch keys off" data-off="Switch keys on">   the switch, kept in a cookie
// <body data-keys="off"> starts with keys off. Keys never work while something is being typed.

const body = document.body;
const bar = document.querySelector("[data-keys-bar]");
const toggle = document.querySelector("[data-keys-toggle]");
if (bar && matchMedia("(hover: hover)").matches) bar.hidden = false;

function isOn() {
  return body.dataset.keys !== "off";
}

function showHints() {
  for (const hint of document.querySelectorAll("[data-key] kbd")) hint.hidden = !isOn();
}

function save(on) {
  body.dataset.keys = on ? "on" : "off";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `keys=${body.dataset.keys}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  if (toggle) toggle.textContent = on ? toggle.dataset.on : toggle.dataset.off;
  showHints();
}

function move(step) {
  const links = [...document.querySelectorAll("[data-keys-list] tbody tr, [data-keys-list] > li")]
    .map((row) => row.querySelector("a[href]"))
    .filter(Boolean);
  if (!links.length) return turn(step);
  const current = links.findIndex((link) => link === document.activeElement);
  const selected = links.findIndex((link) => link.hasAttribute("aria-current"));
  const from = current >= 0 ? current : selected;
  links[Math.min(links.length - 1, Math.max(0, from + step))].focus();
}

function turn(step) {
  document.querySelector(`[data-keys-turn] a[rel=${step > 0 ? "next" : "prev"}]`)?.click();
}

function press(key) {
  const target = [...document.querySelectorAll("[data-key]")].find(
    (element) => element.dataset.key.toLowerCase() === key && !element.disabled && element.offsetParent !== null,
  );
  if (!target) return false;
  target.focus();
  target.click();
  return true;
}

function act(key) {
  if (key === "j") return move(1), true;
  if (key === "k") return move(-1), true;
  if (key === "/") return document.querySelector("[data-search]")?.focus(), true;
  if (key === "?") return toggle?.focus(), true;
  return press(key);
}

document.addEventListener("keydown", (event) => {
  if (!isOn() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (act(event.key.toLowerCase())) event.preventDefault();
});

for (const hint of document.querySelectorAll('[data-keys-for="list"]')) {
  hint.hidden = !document.querySelector("[data-keys-list]");
}
toggle?.addEventListener("click", () => save(!isOn()));
showHints();
