// Each chosen file goes up by itself, in pieces, and goes on after a lost connection. Without script, or when the
// client cannot be loaded, files come with the form. Contract, templates/public/_uploads.html:
//   <div data-uploads data-endpoint data-token data-client data-texts>   texts: a JSON object of sentences
//     <ul data-known><li data-url data-size data-mark data-percent>     what began earlier and is not here yet
//   <input type="file" data-upload-input>     chooses files; limits and sentences as in files.js
//   <form data-stays>      posted without leaving the page while something is on its way: the files' owner is this page
// Nothing is kept in the browser. A file that began earlier is known again by its size and the hash of its beginning.

import { chooser, fill, picture, refusal, sizeText } from "./files.js";

const PIECE = 512 * 1024;
const BEGINNING = 64 * 1024;
const DELAYS = [0, 1000, 3000, 5000, 10000, 10000, 20000, 20000];
const AGAIN = 15000;
const LATER = new Set([0, 409, 423, 429, 500, 502, 503, 504]);
const EVERYWHERE = /\/(uploads|guard|leave|theme)\.js/;

const items = [];
let texts = {};
let place = null;
let input = null;
let swaps = 0;
let client = null;

async function loadClient() {
  if (!client) {
    await import(place.dataset.client);
    client = window.tus;
  }
  return client;
}

async function markOf(file) {
  if (!window.crypto?.subtle) return "";
  const digest = await crypto.subtle.digest("SHA-256", await file.slice(0, BEGINNING).arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const isHere = (item) => item.state === "here";
const isOver = (item) => isHere(item) || item.state === "refused";
const isMoving = (item) => ["waiting", "running", "offline"].includes(item.state);

function words(item) {
  const facts = { percent: Math.floor((item.sent * 100) / item.file.size), size: sizeText(item.file.size) };
  const sentence = item.said || texts[item.state] || "";
  return fill(sentence, item.file).replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);
}

function button(text, act, file) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn btn-link";
  made.textContent = text;
  made.setAttribute("aria-label", `${text}: ${file.name}`);
  made.addEventListener("click", act);
  return made;
}

function buttonsOf(item) {
  if (item.state === "refused") return [button(texts.retry, () => begin(item), item.file), button(texts.remove, () => remove(item), item.file)];
  if (isHere(item)) return place.dataset.final ? [] : [button(texts.remove, () => remove(item), item.file)];
  const first = item.state === "paused" ? button(texts.go_on, () => begin(item), item.file) : button(texts.pause, () => pause(item), item.file);
  return [first, button(texts.remove, () => remove(item), item.file)];
}

function build(item) {
  const row = document.createElement("li");
  row.className = "file";
  const about = document.createElement("div");
  const name = document.createElement("b");
  name.textContent = item.file.name;
  item.bar = document.createElement("progress");
  item.bar.max = item.file.size;
  item.bar.setAttribute("aria-label", item.file.name);
  item.line = document.createElement("p");
  item.line.className = "mb-0 num";
  about.append(name, item.bar, item.line);
  item.buttons = document.createElement("div");
  row.append(picture(item.file), about, item.buttons);
  return row;
}

function draw(item) {
  if (!item.row) item.row = build(item);
  item.bar.value = item.sent;
  item.bar.hidden = isOver(item);
  item.line.textContent = words(item);
  item.line.className = item.state === "refused" ? "err mb-0" : "quiet mb-0 num";
  if (item.drawn === item.state) return;
  const hadFocus = item.buttons.contains(document.activeElement);
  item.drawn = item.state;
  item.buttons.replaceChildren(...buttonsOf(item));
  if (hadFocus) item.buttons.querySelector("button")?.focus();
}

function summarise() {
  const chosen = items.filter((item) => item.state !== "refused");
  const here = chosen.filter(isHere).length;
  const said = place.querySelector("[data-said]");
  const faults = items.filter((item) => item.state === "refused").map(words);
  const counted = chosen.length ? texts.summary.replace("{here}", here).replace("{total}", chosen.length) : "";
  const sentence = [counted, ...faults].filter(Boolean).join(" ");
  if (said.textContent !== sentence) said.textContent = sentence;
  const shown = document.querySelector("[data-upload-review]");
  if (shown) shown.value = chosen.map((item) => item.file.name).join(", ");
  const last = document.querySelector("[data-when-here]");
  if (last) last.hidden = !chosen.length || here < chosen.length;
  const section = place.closest("[data-arriving]");
  if (section) section.hidden = !items.length && !known().length;
  if (input) input.required = false;
}

function show(item, state, said = "") {
  item.state = state;
  item.said = said;
  draw(item);
  summarise();
  if (!isMoving(item)) next();
}

// One file after the other: on a thin line the first one is whole sooner.
function next() {
  if (items.some((item) => item.state === "running")) return;
  const item = items.find((other) => other.state === "waiting");
  if (item) run(item).catch(() => withForm());
}

function begin(item) {
  clearTimeout(item.timer);
  show(item, "waiting");
  next();
}

function sentenceOf(error) {
  try {
    return JSON.parse(error.originalResponse.getBody()).sentence || texts.refused;
  } catch {
    return texts.refused;
  }
}

function failed(item, error) {
  const status = error.originalResponse?.getStatus() ?? 0;
  if (!LATER.has(status)) {
    item.upload = null;
    item.url = "";
    show(item, "refused", sentenceOf(error));
    return;
  }
  show(item, "offline");
  item.timer = setTimeout(() => begin(item), AGAIN);
  next();
}

async function run(item) {
  show(item, "running");
  const { Upload } = await loadClient();
  if (item.state !== "running") return;
  item.upload ??= new Upload(item.file, {
    endpoint: place.dataset.endpoint,
    uploadUrl: item.url || null,
    chunkSize: PIECE,
    retryDelays: DELAYS,
    storeFingerprintForResuming: false,
    removeFingerprintOnSuccess: true,
    metadata: item.mark ? { mark: item.mark } : {},
    onBeforeRequest: (request) => request.setHeader("Upload-Token", place.dataset.token),
    onShouldRetry: (error) => navigator.onLine && LATER.has(error.originalResponse?.getStatus() ?? 0),
    onUploadUrlAvailable: () => { item.url = item.upload.url; },
    onProgress: (sent) => { item.sent = sent; draw(item); },
    onError: (error) => failed(item, error),
    onSuccess: () => { item.sent = item.file.size; forgetKnown(item); show(item, "here"); },
  });
  item.upload.start();
}

function pause(item) {
  clearTimeout(item.timer);
  item.upload?.abort().catch(() => {});
  show(item, "paused");
}

function remove(item) {
  clearTimeout(item.timer);
  item.upload?.abort().catch(() => {});
  if (item.url) {
    const headers = { "Tus-Resumable": "1.0.0", "Upload-Token": place.dataset.token };
    fetch(item.url, { method: "DELETE", headers, credentials: "same-origin" }).catch(() => {});
  }
  items.splice(items.indexOf(item), 1);
  item.row.remove();
  forgetKnown(item);
  summarise();
  next();
  input?.focus();
}

// The list of what began earlier: a chosen file that is one of them goes on where that stopped.
function known() {
  return [...place.querySelectorAll("[data-known] li")];
}

function knownAs(file, mark) {
  return known().find((line) => mark && line.dataset.mark === mark && Number(line.dataset.size) === file.size);
}

function forgetKnown(item) {
  known().find((line) => item.url.endsWith(line.dataset.url))?.remove();
  const list = place.querySelector("[data-earlier]");
  if (list) list.hidden = !known().length;
}

async function take(file) {
  const item = { file, sent: 0, state: "waiting", url: "", mark: await markOf(file).catch(() => "") };
  const line = knownAs(file, item.mark);
  if (line) {
    item.url = line.dataset.url;
    line.hidden = true;
  }
  items.push(item);
  draw(item);
  place.querySelector("[data-list]").append(item.row);
  show(item, "waiting");
  next();
}

function choose() {
  const faults = [];
  const chosen = items.filter((item) => item.state !== "refused").map((item) => item.file);
  const room = Number(input.dataset.maxFiles || Infinity);
  for (const file of input.files) {
    const earlier = known().some((line) => Number(line.dataset.size) === file.size);
    const fault = refusal(input, file, earlier && chosen.length >= room ? [] : chosen);
    if (fault) faults.push(fault);
    if (fault !== null) continue;
    chosen.push(file);
    take(file);
  }
  // Later, since other scripts look at what was chosen too.
  setTimeout(() => { input.value = ""; }, 0);
  place.querySelector("[data-refused]").textContent = faults.join(" ");
}

// The client could not be loaded: the files that are not here go with the form after all.
function withForm() {
  if (!input?.form) return;
  const bag = new DataTransfer();
  for (const item of items.filter((other) => !isHere(other))) {
    bag.items.add(item.file);
    show(item, "paused", texts.with_form);
  }
  input.name = "files";
  input.files = bag.files;
  for (const part of input.form.querySelectorAll("[data-upload-send]")) part.hidden = false;
}

function attach() {
  const found = document.querySelector("[data-uploads]");
  if (!found) return;
  place = found;
  texts = JSON.parse(place.dataset.texts);
  input = document.querySelector("input[data-upload-input]");
  place.querySelector("[data-list]").replaceChildren(...items.map((item) => item.row));
  for (const item of items) {
    const line = known().find((other) => item.url && item.url.endsWith(other.dataset.url));
    if (line) line.hidden = true;
    item.drawn = "";
    draw(item);
  }
  if (input) {
    input.removeAttribute("name");
    input.closest("[data-with-uploads]")?.removeAttribute("hidden");
    for (const part of input.form?.querySelectorAll("[data-upload-send]") ?? []) part.hidden = true;
    if (input.dataset.choose) chooser(input);
    input.addEventListener("change", choose);
  }
  summarise();
}

// Posts a form and puts the answer into this page, so that what is on its way stays on its way.
async function post(form, submitter) {
  const body = new FormData(form);
  if (submitter?.name) body.append(submitter.name, submitter.value);
  if (submitter) submitter.disabled = true;
  try {
    // Not form.action: the buttons of the report form are called that.
    const response = await fetch(form.getAttribute("action"), { method: "POST", body, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!page.querySelector("main")) throw new Error(String(response.status));
    await replace(page, response.url);
  } catch {
    if (submitter) submitter.disabled = false;
    let told = form.querySelector("[data-not-sent]");
    if (!told) {
      told = document.createElement("p");
      told.className = "err";
      told.dataset.notSent = "";
      told.setAttribute("role", "alert");
      (submitter?.closest(".btns") ?? form).after(told);
    }
    told.textContent = texts.not_sent;
  }
}

async function replace(page, address) {
  swaps += 1;
  document.title = page.title;
  document.querySelector("main").replaceWith(page.querySelector("main"));
  if (new URL(address).pathname !== location.pathname) history.replaceState(null, "", address);
  else history.replaceState(null, "", location.pathname);
  const scripts = [...page.querySelectorAll("head script[src]")].filter((script) => !EVERYWHERE.test(script.src));
  attach();
  for (const { src } of scripts) await load(src);
  // What waits for the page to be whole waits for this.
  window.dispatchEvent(new Event("load"));
  const head = document.querySelector("main h1");
  head.tabIndex = -1;
  head.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

// A module runs once for each address, so the address says how often the page changed.
function load(source) {
  const address = new URL(source, location.href);
  address.searchParams.set("again", swaps);
  return new Promise((done) => {
    const script = document.createElement("script");
    script.type = "module";
    script.src = address.pathname + address.search;
    script.addEventListener("load", done, { once: true });
    script.addEventListener("error", done, { once: true });
    document.head.append(script);
  });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-stays]") || !items.some((item) => !isOver(item))) return;
  event.preventDefault();
  post(form, event.submitter);
});

window.addEventListener("online", () => {
  for (const item of items) if (item.state === "offline") begin(item);
});

attach();
