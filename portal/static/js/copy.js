// Copy a text to the clipboard. Contract: <button hidden data-copy="#id" data-copied="Copied">; groups of a list are
// joined by hyphens. The button stays hidden where copying is not possible. The word is told in the button itself.

function textOf(target) {
  const groups = [...target.querySelectorAll("li")].map((item) => item.textContent.trim());
  return groups.length ? groups.join("-") : (target.value ?? target.textContent).trim();
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  const target = document.querySelector(button.dataset.copy);
  if (!target || !navigator.clipboard) continue;
  button.hidden = false;
  const content = button.innerHTML;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(textOf(target));
      button.textContent = button.dataset.copied || content;
      setTimeout(() => { button.innerHTML = content; }, 4000);
    } catch {
      getSelection().selectAllChildren(target);
    }
  });
}
