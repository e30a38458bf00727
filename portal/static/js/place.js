// Where the danger is: from a picture or from the device, only after a press. Nothing is sent before the form is.
// Contract: [data-position] holds input#position and [data-position-remove]; [data-device] the device's button;
// [data-photo-place] asks about a picture; #district's options carry data-centre="latitude,longitude" (approximate).

import { placeOf } from "./exif.js";

const FAR = 60; // kilometres: beyond, the table of districts says nothing
const DIGITS = 5;

function filled(sentence, facts) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);
}

function distance(place, [latitude, longitude]) {
  const north = (place.latitude - latitude) * 111.2;
  const east = (place.longitude - longitude) * 111.2 * Math.cos((latitude * Math.PI) / 180);
  return Math.hypot(north, east);
}

function nearest(select, place) {
  const known = [...(select?.options || [])].filter((option) => option.dataset.centre);
  const ranked = known
    .map((option) => ({ option, far: distance(place, option.dataset.centre.split(",").map(Number)) }))
    .sort((one, other) => one.far - other.far);
  return ranked.length && ranked[0].far < FAR ? ranked[0].option : null;
}

class Position {
  constructor(form) {
    this.form = form;
    this.part = form.querySelector("[data-position]");
    this.field = this.part.querySelector("input");
    this.district = form.querySelector("#district");
    const remove = this.part.querySelector("[data-position-remove]");
    remove.hidden = false;
    remove.addEventListener("click", () => this.set("", null));
  }

  set(text, option) {
    this.field.value = text;
    this.part.hidden = !text;
    if (option && this.district && !this.district.value) this.district.value = option.value;
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function written({ latitude, longitude }) {
  return `${latitude.toFixed(DIGITS)}, ${longitude.toFixed(DIGITS)}`;
}

function offerDevice(form, position) {
  const part = form.querySelector("[data-device]");
  if (!part || !navigator.geolocation || !window.isSecureContext) return;
  const said = part.querySelector("[data-device-said]");
  part.hidden = false;
  const found = ({ coords }) => {
    const accuracy = Math.max(1, Math.round(coords.accuracy));
    const option = nearest(position.district, coords);
    position.set(`${written(coords)} ±${Math.min(accuracy, 999999)} m`, option);
    const near = option ? ` ${filled(part.dataset.near, { district: option.textContent })}` : "";
    said.textContent = filled(part.dataset.found, { accuracy }) + near;
  };
  part.querySelector("[data-device-ask]").addEventListener("click", () => {
    said.textContent = part.dataset.asking;
    const denied = () => { said.textContent = part.dataset.denied; };
    navigator.geolocation.getCurrentPosition(found, denied, { enableHighAccuracy: true, timeout: 20000, maximumAge: 0 });
  });
}

function offerPhotos(form, position) {
  const part = form.querySelector("[data-photo-place]");
  if (!part) return;
  const said = part.querySelector("[data-photo-said]");
  const answers = part.querySelector("[data-photo-answers]");
  let place = null;

  function ask(found) {
    place = found;
    const option = nearest(position.district, place);
    const facts = { position: written(place), district: option?.textContent };
    said.textContent = filled(option ? part.dataset.where : part.dataset.whereOnly, facts);
    answers.hidden = false;
    part.hidden = false;
  }

  function close(sentence) {
    said.textContent = sentence;
    answers.hidden = true;
    said.tabIndex = -1;
    said.focus();
  }

  // While it goes down to the field, so that the files are read before anything else takes them away.
  form.addEventListener("change", async (event) => {
    if (event.target.type !== "file" || position.field.value) return;
    for (const file of [...event.target.files]) {
      const found = file.type.startsWith("image/") || /\.(heic|heif)$/i.test(file.name) ? await placeOf(file) : null;
      if (found) {
        ask(found);
        return;
      }
    }
  }, true);
  part.querySelector("[data-photo-yes]").addEventListener("click", () => {
    position.set(written(place), nearest(position.district, place));
    close(filled(part.dataset.taken, { position: written(place) }));
  });
  part.querySelector("[data-photo-no]").addEventListener("click", () => close(part.dataset.left));
}

for (const form of document.querySelectorAll("form[data-report]")) {
  if (!form.querySelector("[data-position]")) continue;
  const position = new Position(form);
  offerDevice(form, position);
  offerPhotos(form, position);
}
