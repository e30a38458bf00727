// The report form with script: sending in one go. Contract:
//   <form data-report>
//   <... data-with-script hidden>           shown and switched on; <... data-without-script> is taken away
//   <input data-required-with-script>       required once a script hides it while it is not asked for
// Loaded before steps.js, so that the steps see the form as it will be.

for (const form of document.querySelectorAll("form[data-report]")) {
  for (const part of form.querySelectorAll("[data-without-script]")) part.remove();
  for (const part of form.querySelectorAll("[data-with-script]")) {
    part.hidden = false;
    part.disabled = false;
  }
  for (const control of form.querySelectorAll("[data-required-with-script]")) control.required = true;
}
