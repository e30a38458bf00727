// The question that keeps robots away, fetched when its step is reached. Contract:
//   <form data-report> <section> <div data-challenge data-new="/url">
//     img, audio, [name=challenge_id], [name=challenge_kind] (picture or sound), [name=challenge_answer]
//     <... data-of="picture|sound">                 shown while that kind is asked
//     <button data-challenge-again>                 another one of the same kind
//     <button data-challenge-kind="picture|sound">  one of the other kind
//     <... data-challenge-refused hidden>           shown when a sound was wanted and a picture came
// Loaded before steps.js, as report.js is.

const AGAIN_AFTER = 5000; // milliseconds, when there was no answer

async function ask(form, place, kind) {
  const headers = { "X-CSRFToken": form.elements.csrf_token.value };
  const url = kind === "sound" ? `${place.dataset.new}?kind=audio` : place.dataset.new;
  const response = await fetch(url, { method: "POST", headers, credentials: "same-origin" });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

function show(place, kind, given) {
  const answer = place.querySelector("[name=challenge_answer]");
  const picture = place.querySelector("img");
  const sound = place.querySelector("audio");
  place.querySelector("[name=challenge_id]").value = given.id;
  place.querySelector("[name=challenge_kind]").value = kind;
  for (const part of place.querySelectorAll("[data-of]")) part.hidden = part.dataset.of !== kind;
  sound.pause();
  if (given.sound) sound.src = given.sound;
  else picture.src = given.picture;
  picture.hidden = !given.picture;
  answer.value = "";
  answer.inputMode = kind === "sound" ? "numeric" : "text";
  answer.dataset.msgRequired = answer.dataset[kind === "sound" ? "msgSound" : "msgPicture"];
}

function watch(form, place) {
  const section = place.closest("section");
  const refused = place.querySelector("[data-challenge-refused]");
  let asked = 0;

  // Only the newest question counts: an older answer that arrives late would change what is being read.
  async function fetchOne(kind) {
    const mine = ++asked;
    try {
      const given = await ask(form, place, kind);
      if (mine !== asked) return false;
      const came = given.sound ? "sound" : "picture";
      show(place, came, given);
      refused.hidden = came === kind;
      return true;
    } catch {
      setTimeout(() => { if (mine === asked) fetchOne(kind); }, AGAIN_AFTER);
      return false;
    }
  }

  const now = () => place.querySelector("[name=challenge_kind]").value;
  let fetched = false;
  const reached = () => {
    if (section.hidden || fetched) return;
    fetched = true;
    fetchOne(now());
  };
  // After a refusal the page may open at this step: then nothing changes that could be observed.
  window.addEventListener("load", reached);
  new MutationObserver(reached).observe(section, { attributes: true, attributeFilter: ["hidden"] });
  place.querySelector("[data-challenge-again]").addEventListener("click", () => fetchOne(now()));
  for (const button of place.querySelectorAll("[data-challenge-kind]")) {
    button.addEventListener("click", async () => {
      // The button goes away with its kind; what comes next in reading is the sound, or the field.
      if (!await fetchOne(button.dataset.challengeKind)) return;
      place.querySelector(now() === "sound" ? "audio" : "[name=challenge_answer]").focus();
    });
  }
}

for (const form of document.querySelectorAll("form[data-report]")) {
  const place = form.querySelector("[data-challenge][data-new]");
  if (place) watch(form, place);
}
