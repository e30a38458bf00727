// Passkeys: asks the server what to sign, lets the device sign it, and sends the form with the answer. Contract:
//   <button hidden type="button" data-passkey="get" or "create" data-options="/path" data-failed="words">
//   inside a form with csrf_token and an <input type="hidden" data-passkey-answer>; what went wrong is told in
//   <p hidden role="alert" data-passkey-said> of the same form. Where the browser knows no passkeys, [data-passkey-none]
//   of the page is shown instead.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function decoded(options) {
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const made = { ...options, challenge: bytes(options.challenge) };
  if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) made.excludeCredentials = known(options.excludeCredentials);
  if (options.allowCredentials) made.allowCredentials = known(options.allowCredentials);
  return made;
}

function encoded(credential) {
  const { response } = credential;
  const said = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) said[name] = text(response[name]);
  }
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response: said,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function options(button, form) {
  const answer = await fetch(button.dataset.options, {
    method: "POST", credentials: "same-origin",
    headers: { "X-CSRFToken": form.elements.csrf_token.value },
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return { publicKey: decoded(await answer.json()) };
}

async function use(button) {
  const form = button.form;
  const said = form.querySelector("[data-passkey-said]");
  said.hidden = true;
  button.disabled = true;
  try {
    const wanted = await options(button, form);
    const credential = button.dataset.passkey === "create"
      ? await navigator.credentials.create(wanted) : await navigator.credentials.get(wanted);
    form.querySelector("[data-passkey-answer]").value = encoded(credential);
    form.requestSubmit();
  } catch {
    said.textContent = button.dataset.failed;
    said.hidden = false;
  } finally {
    button.disabled = false;
  }
}

const able = Boolean(window.PublicKeyCredential && navigator.credentials);
for (const button of document.querySelectorAll("button[data-passkey]")) {
  button.hidden = !able;
  button.addEventListener("click", () => use(button));
}
for (const note of document.querySelectorAll("[data-passkey-none]")) note.hidden = able;
