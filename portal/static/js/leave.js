// Quick leave: the page goes blank at once, the portal's cookies are cleared, a harmless page takes its place.
// Contract: <a data-leave="https://harmless/" href="(the portal's own leave address)">. Without script the link is followed.

function blank() {
  document.title = "";
  document.documentElement.hidden = true;
  for (const form of document.forms) form.reset();
  for (const control of document.querySelectorAll("input[type=text], input[type=tel], input[type=email], textarea")) {
    control.value = "";
  }
  try { sessionStorage.clear(); } catch { /* storage may be switched off: then there is nothing in it */ }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-leave]");
  if (!link) return;
  event.preventDefault();
  const harmless = link.dataset.leave;
  blank();
  if (link.origin === location.origin) {
    fetch(link.href, { credentials: "same-origin", redirect: "manual", keepalive: true }).catch(() => {});
  }
  location.replace(harmless);
});

// The page restored by the back button must not show itself again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && document.documentElement.hidden) location.reload();
});
