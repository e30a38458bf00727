// One section of a long form at a time. Without script the long page works as it is. Contract:
//   <form data-steps data-progress="Step {n} of {total}: {title}" data-next="Next: {title}" data-back="Back"
//         data-skip="Skip to the end" data-start="id of the section that comes first, or nothing"
//         data-required="Please fill this in." data-invalid="Please check this." data-change="Change" data-none="Not given">
//   <section id="word" data-step="Title">   one step; the last one holds the submit button
// The browser's own Back goes back a step: each step has an address that ends in #word and says nothing else.
//   <div data-review></div>            filled with what was given, in the section it stands in
// A control may carry data-msg-required, data-msg-invalid (sentences), data-review-label, data-review="skip" or "mask".
// A step with an error from the server (.invalid) is shown first.

import { review } from "./review.js";
import { checkSection, mend } from "./check.js";

function filled(sentence, facts) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);
}

class Steps {
  constructor(form) {
    this.form = form;
    this.sections = [...form.querySelectorAll("section[data-step]")];
    this.current = 0;
    form.noValidate = true;
    this.startWith(form.dataset.start);
    this.buildProgress();
    this.sections.forEach((section, index) => this.buildButtons(section, index));
    form.addEventListener("submit", (event) => this.submit(event), true);
    for (const kind of ["input", "change"]) form.addEventListener(kind, (event) => this.changed(event));
    document.addEventListener("click", (event) => this.follow(event));
    window.addEventListener("popstate", () => {
      if (this.addressed() >= 0) this.show(this.addressed(), { push: false });
    });
    const faulty = this.sections.findIndex((section) => section.querySelector(".invalid"));
    this.show(faulty >= 0 ? faulty : this.reachable(this.addressed()), { focus: false, push: false });
    history.replaceState(null, "", this.addressOf(this.current));
  }

  // Whoever begins with the pictures gets that step first; the others keep their order.
  startWith(id) {
    const first = this.sections.find((section) => id && section.id === id);
    if (!first || first === this.sections[0]) return;
    this.sections[0].before(first);
    this.sections = [first, ...this.sections.filter((section) => section !== first)];
  }

  addressOf(index) {
    return `${location.pathname}${location.search}#${this.sections[index].id}`;
  }

  addressed() {
    return this.sections.findIndex((section) => `#${section.id}` === location.hash);
  }

  // A reload opens the step it was at, but never one that comes after something still to be mended.
  reachable(index) {
    const unfinished = this.sections.findIndex((section) => !checkSection(section, this.form.dataset, { quiet: true }));
    return Math.max(0, Math.min(index, unfinished < 0 ? index : unfinished));
  }

  buildProgress() {
    this.words = document.createElement("p");
    this.words.className = "quiet mb-2";
    this.list = document.createElement("ol");
    this.list.className = "steps steps-many";
    for (const section of this.sections) {
      const item = document.createElement("li");
      const name = document.createElement("span");
      name.textContent = section.dataset.step;
      item.append(name);
      this.list.append(item);
    }
    this.form.prepend(this.words, this.list);
  }

  buildButtons(section, index) {
    let row = section.querySelector(":scope > .btns:last-of-type");
    if (!row) {
      row = document.createElement("div");
      row.className = "btns";
      section.append(row);
    }
    const next = this.sections[index + 1];
    if (next) {
      const facts = { title: next.dataset.step };
      row.prepend(this.button(filled(this.form.dataset.next, facts), "btn-primary", () => this.advance()));
    }
    if (index > 0) row.append(this.button(this.form.dataset.back, "btn-line", () => this.show(index - 1)));
    if (index < this.sections.length - 2 && this.form.dataset.skip) {
      const skip = this.button(this.form.dataset.skip, "btn-link", () => this.show(this.sections.length - 1));
      skip.dataset.skipping = "";
      row.append(skip);
    }
  }

  changed(event) {
    mend(event.target);
    this.offerSkip();
  }

  // One press to the end, as soon as nothing on the way would stop it.
  offerSkip() {
    const before = this.sections.slice(0, -1);
    const ready = before.every((section) => checkSection(section, this.form.dataset, { quiet: true }));
    for (const skip of this.form.querySelectorAll("[data-skipping]")) skip.hidden = !ready;
  }

  button(text, kind, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `btn ${kind}`;
    button.textContent = text;
    button.addEventListener("click", act);
    return button;
  }

  advance() {
    if (checkSection(this.sections[this.current], this.form.dataset)) this.show(this.current + 1);
  }

  show(index, { focus = true, push = true } = {}) {
    if (push && index !== this.current) history.pushState(null, "", this.addressOf(index));
    this.current = index;
    this.sections.forEach((section, place) => { section.hidden = place !== index; });
    [...this.list.children].forEach((item, place) => {
      item.classList.toggle("done", place < index);
      if (place === index) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
    const facts = { n: index + 1, total: this.sections.length, title: this.sections[index].dataset.step };
    this.words.textContent = filled(this.form.dataset.progress, facts);
    this.offerSkip();
    this.review(this.sections[index]);
    this.form.dispatchEvent(new CustomEvent("steps:shown", { detail: this.sections[index].id }));
    if (focus) this.focus(this.sections[index]);
  }

  review(section) {
    const target = section.querySelector("[data-review]:not(input):not(select):not(textarea)");
    if (!target) return;
    const before = this.sections.slice(0, this.sections.indexOf(section));
    review(target, before, this.form.dataset, (index) => this.show(index));
  }

  focus(section) {
    const heading = section.querySelector("h1, h2, legend") || section;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    this.words.scrollIntoView({ block: "start" });
  }

  // Enter in an earlier step means "next", never "send"; the last press checks every step.
  submit(event) {
    const last = this.sections.length - 1;
    if (this.current < last) {
      event.preventDefault();
      this.advance();
      return;
    }
    const faulty = this.sections.findIndex((section) => !checkSection(section, this.form.dataset, { quiet: true }));
    if (faulty < 0) return;
    event.preventDefault();
    this.show(faulty);
    checkSection(this.sections[faulty], this.form.dataset);
  }

  // A link to a field (from the list of errors) opens the step the field is in.
  follow(event) {
    const link = event.target.closest('a[href^="#"]');
    const target = link && link.hash.length > 1 && document.getElementById(link.hash.slice(1));
    const index = this.sections.findIndex((section) => target && section.contains(target));
    if (index < 0) return;
    event.preventDefault();
    this.show(index, { focus: false });
    target.focus();
    target.scrollIntoView({ block: "center" });
  }
}

for (const form of document.querySelectorAll("form[data-steps]")) {
  if (form.querySelector("section[data-step]")) new Steps(form);
}
