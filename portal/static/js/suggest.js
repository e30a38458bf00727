// Suggestions under a text field, chosen by finger, mouse or keys. Contract:
//   <input data-suggest="/firms">                 names from this address (?q=...), two characters at least
//   <input data-suggest-in="id of a select">      options of that select, found by their text, by data-words and by
//                                                 data-find (readings: "xiao fang zhang/chang|dian dong che"); no request
//   data-found="{n} found", data-nothing="..."    read out when the list opens
// What was answered for a text is remembered until the page is left, and nowhere else.

const WAIT = 250;
const MOST = 8;

// Whether `typed` spells the syllables from here on: whole readings, their beginnings, or first letters.
function spells(syllables, typed) {
  if (!typed) return true;
  if (!syllables.length) return false;
  return syllables[0].split("/").some((reading) => {
    if (reading.startsWith(typed)) return true;
    if (typed.startsWith(reading) && spells(syllables.slice(1), typed.slice(reading.length))) return true;
    return typed[0] === reading[0] && spells(syllables.slice(1), typed.slice(1));
  });
}

export function isSpelt(find, typed) {
  return find.split("|").some((words) => {
    const syllables = words.split(" ");
    return syllables.some((_, place) => spells(syllables.slice(place), typed));
  });
}

function fits(option, typed) {
  const words = `${option.textContent} ${option.dataset.words || ""}`.toLowerCase();
  if (words.includes(typed)) return true;
  const letters = typed.replace(/[\s'’]/g, "");
  return /^[a-z]{2,}$/.test(letters) && isSpelt(option.dataset.find || "", letters);
}

class Suggestions {
  constructor(input, find, take) {
    Object.assign(this, { input, find, take, place: -1, asked: 0 });
    this.list = document.createElement("ul");
    Object.assign(this.list, { id: `${input.id}-list`, className: "suggest", hidden: true });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", input.labels[0]?.textContent.trim() || "");
    this.told = document.createElement("p");
    this.told.className = "visually-hidden";
    this.told.setAttribute("role", "status");
    input.after(this.list, this.told);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", this.list.id]]) {
      input.setAttribute(name, value);
    }
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.choose(event.target.closest("[role=option]")));
  }

  async typed() {
    const asked = this.asked += 1;
    const text = this.input.value.trim();
    if (text.length < 2) { this.close(); return; }
    const found = await this.find(text, () => asked === this.asked);
    if (asked === this.asked && found && document.activeElement === this.input) this.show(found.slice(0, MOST));
  }

  show(found) {
    this.place = -1;
    this.list.replaceChildren(...found.map((item, place) => {
      const row = document.createElement("li");
      row.id = `${this.list.id}-${place}`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", "false");
      row.textContent = item.text;
      row.item = item;
      return row;
    }));
    this.list.hidden = !found.length;
    this.input.setAttribute("aria-expanded", String(Boolean(found.length)));
    this.input.removeAttribute("aria-activedescendant");
    const sentence = found.length ? this.input.dataset.found : this.input.dataset.nothing;
    this.told.textContent = (sentence || "").replace("{n}", found.length);
  }

  close() {
    this.list.hidden = true;
    this.place = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const rows = [...this.list.children];
    if (event.key === "Enter" && !this.input.name) {  // it only searches: the form is not sent from here
      event.preventDefault();
      if (!this.list.hidden && !event.isComposing) this.choose(rows[Math.max(0, this.place)]);
      return;
    }
    if (this.list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.mark(rows, (this.place + step + rows.length + (this.place < 0 && step < 0 ? 1 : 0)) % rows.length);
    } else if (event.key === "Enter" && this.place >= 0) {
      event.preventDefault();
      this.choose(rows[this.place]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    }
  }

  mark(rows, place) {
    this.place = place;
    rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === place)));
    this.input.setAttribute("aria-activedescendant", rows[place].id);
    rows[place].scrollIntoView({ block: "nearest" });
  }

  choose(row) {
    if (!row) return;
    this.asked += 1;
    this.take(row.item);
    this.told.textContent = row.item.text;
    this.close();
  }
}

function fromSelect(input) {
  const select = document.getElementById(input.dataset.suggestIn);
  const options = [...select.options].filter((option) => option.value);
  const find = async (text) => options
    .filter((option) => fits(option, text.toLowerCase()))
    .map((option) => ({ text: option.textContent, option }));
  return new Suggestions(input, find, ({ text, option }) => {
    input.value = text;
    select.value = option.value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function fromAddress(input) {
  const known = new Map();
  const find = async (text, isStillAsked) => {
    if (!known.has(text)) {
      await new Promise((done) => { setTimeout(done, WAIT); });
      if (!isStillAsked()) return null;
      try {
        const response = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`, { credentials: "same-origin" });
        if (!response.ok) return null;
        known.set(text, (await response.json()).names);
      } catch {
        return null;  // plain typing goes on
      }
    }
    return known.get(text).map((name) => ({ text: name }));
  };
  return new Suggestions(input, find, ({ text }) => {
    input.value = text;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

if (typeof document !== "undefined") {
  for (const input of document.querySelectorAll("input[data-suggest-in]")) {
    fromSelect(input);
    input.closest("[data-with-script]")?.removeAttribute("hidden");
  }
  for (const input of document.querySelectorAll("input[data-suggest]")) fromAddress(input);
}
