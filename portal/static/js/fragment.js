// A one-time link carries its code behind the # sign, which no browser sends: this puts it into the form, takes it out
// of the address and the history, and sends the form. Contract: <input data-fragment> in a form.

const input = document.querySelector("input[data-fragment]");
const code = location.hash.slice(1);
if (input && /^[\w-]{20,100}$/.test(code)) {
  history.replaceState(null, "", location.pathname);
  input.value = code;
  input.form.requestSubmit();
}
