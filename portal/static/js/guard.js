// A form is sent once: its button is off after the first press and on again when the page is shown anew.
// Contract: every POST form; data-guard="off" on a form leaves it alone; data-busy on a button is its text meanwhile.

const waiting = new Map();

function hold(button) {
  if (!button || waiting.has(button)) return;
  waiting.set(button, button.innerHTML);
  button.disabled = true;
  if (button.dataset.busy) button.textContent = button.dataset.busy;
}

function release() {
  for (const [button, content] of waiting) {
    button.disabled = false;
    button.innerHTML = content;
  }
  waiting.clear();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.dataset.guard === "off") return;
  const button = event.submitter || form.querySelector("button[type=submit], button:not([type])");
  // After this turn, so that the button's own name and value still travel with the form.
  setTimeout(() => { if (!event.defaultPrevented) hold(button); }, 0);
});

window.addEventListener("pageshow", release);
