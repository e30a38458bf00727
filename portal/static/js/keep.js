// Saves the form while it is written, quietly. What is saved is sealed with a key in this browser's session cookie;
// names, telephone numbers and addresses are not even sent. Contract:
//   <form data-keep="/address" data-unkept="Not saved yet ...">     <p data-kept hidden>  where it is said

const EVERY = 10000;
const STAYS = ["name", "telephone", "email", "alert_address", "works_there", "consent", "challenge_id", "challenge_answer"];

function start(form) {
  const told = form.querySelector("[data-kept]");
  const coming = { timer: 0, request: null, over: false };

  function say(sentence) {
    told.textContent = sentence;
    told.hidden = false;
  }

  function written() {
    const all = new FormData(form);
    const body = new URLSearchParams();
    for (const [name, value] of all) {
      if (typeof value === "string" && !STAYS.includes(name)) body.append(name, value);
    }
    return body;
  }

  async function save({ leaving = false } = {}) {
    clearTimeout(coming.timer);
    coming.timer = 0;
    coming.request = leaving ? null : new AbortController();
    try {
      const signal = coming.request?.signal;
      const response = await fetch(form.dataset.keep, { method: "POST", body: written(), credentials: "same-origin", keepalive: leaving, signal });
      const { said } = response.ok ? await response.json() : { said: "" };
      if (coming.over) return;
      say(said || form.dataset.unkept);
      if (!said) later();
    } catch {
      if (coming.over) return;
      say(form.dataset.unkept);
      later();
    }
  }

  function later() {
    if (!coming.timer && !coming.over) coming.timer = setTimeout(save, EVERY);
  }

  form.addEventListener("input", (event) => {
    if (!STAYS.includes(event.target.name)) later();
  });
  form.addEventListener("steps:shown", () => { if (coming.timer) save(); });
  window.addEventListener("online", () => { if (coming.timer) save(); });
  window.addEventListener("offline", () => { if (coming.timer) say(form.dataset.unkept); });
  // A telephone may end a page in the background without a word. Whoever leaves quickly has cleared it before.
  document.addEventListener("visibilitychange", () => {
    const cleared = document.documentElement.hidden;
    if (document.visibilityState === "hidden" && coming.timer && !cleared) save({ leaving: true });
  });
  // What is being sent must not be saved again behind its back.
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    coming.over = true;
    clearTimeout(coming.timer);
    coming.request?.abort();
  });
  window.addEventListener("pageshow", () => { coming.over = false; });
}

for (const form of document.querySelectorAll("form[data-keep]")) start(form);
