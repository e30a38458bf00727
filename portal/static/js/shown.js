// What was opened leaves the page by itself. Contract (templates/_macros/shown.html):
//   <div data-shown="60">                the part that goes, with everything in it, after so many seconds
//     <span data-shown-left data-text="{seconds} seconds left">   counts down, silent for screen readers
//     <a data-shown-close>               at once, without leaving the page
//   <p data-shown-gone hidden tabindex="-1">   what stands there instead
//   <p role="status" data-shown-said data-soon data-gone>         said once near the end, and at the end
//   <button data-shown-again hidden>     to open it once more, seen when it is gone
// It also goes when the page is left, so that neither Back nor a restored tab brings it back.

const SOON = 15;

function start(part) {
  const seconds = Number(part.dataset.shown);
  const left = part.querySelector("[data-shown-left]");
  const said = document.querySelector("[data-shown-said]");
  // Both clocks: one stands still while a laptop sleeps, the other can be set.
  const begun = { steady: performance.now(), wall: Date.now() };
  let timer = 0;

  function gone() {
    return Math.max(performance.now() - begun.steady, Date.now() - begun.wall) / 1000;
  }

  function leave({ aloud }) {
    if (!part.isConnected) return;
    clearInterval(timer);
    const focused = part.contains(document.activeElement);
    const note = document.querySelector("[data-shown-gone]");
    part.replaceChildren();
    part.remove();
    note.hidden = false;
    for (const again of document.querySelectorAll("[data-shown-again]")) again.hidden = false;
    if (focused) note.focus();
    else if (aloud) said.textContent = said.dataset.gone;
  }

  function look() {
    if (!part.isConnected) return;
    const rest = Math.ceil(seconds - gone());
    if (rest <= 0) return leave({ aloud: true });
    left.textContent = left.dataset.text.replace("{seconds}", rest);
    if (rest <= SOON && !said.textContent) said.textContent = said.dataset.soon;
  }

  part.querySelector("[data-shown-close]").addEventListener("click", (event) => {
    event.preventDefault();
    leave({ aloud: true });
  });
  timer = setInterval(look, 250);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pagehide", () => leave({ aloud: false }));
  look();
}

for (const part of document.querySelectorAll("[data-shown]")) start(part);
