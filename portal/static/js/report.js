// The report form with script: sending in one go, and the picture fetched when the last step is reached. Contract:
//   <form data-report>
//   <... data-with-script hidden>           shown and switched on; <... data-without-script> is taken away
//   <input data-required-with-script>       required once a script hides it while it is not asked for
//   <div data-challenge data-new="/url">    holds img, [name=challenge_id], [name=challenge_answer]
//   <button data-challenge-again hidden>    another picture
// Loaded before steps.js, so that the steps see the form as it will be.

async function renew(form, place) {
  const picture = place.querySelector("img");
  const headers = { "X-CSRFToken": form.elements.csrf_token.value };
  const response = await fetch(place.dataset.new, { method: "POST", headers, credentials: "same-origin" });
  if (!response.ok) throw new Error(String(response.status));
  const given = await response.json();
  place.querySelector("[name=challenge_id]").value = given.id;
  place.querySelector("[name=challenge_answer]").value = "";
  picture.src = given.picture;
  picture.hidden = false;
}

function watch(form, place) {
  const section = place.closest("section");
  const fetchPicture = () => renew(form, place).catch(() => setTimeout(fetchPicture, 5000));
  let fetched = false;
  const reached = () => {
    if (section.hidden || fetched) return;
    fetched = true;
    fetchPicture();
  };
  // After a refusal the page may open at this step: then nothing changes that could be observed.
  window.addEventListener("load", reached);
  new MutationObserver(reached).observe(section, { attributes: true, attributeFilter: ["hidden"] });
  form.querySelector("[data-challenge-again]")?.addEventListener("click", fetchPicture);
}

for (const form of document.querySelectorAll("form[data-report]")) {
  for (const part of form.querySelectorAll("[data-without-script]")) part.remove();
  for (const part of form.querySelectorAll("[data-with-script]")) {
    part.hidden = false;
    part.disabled = false;
  }
  for (const control of form.querySelectorAll("[data-required-with-script]")) control.required = true;
  const place = form.querySelector("[data-challenge][data-new]");
  if (place) watch(form, place);
}
