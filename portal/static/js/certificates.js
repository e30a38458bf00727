// Fills in the certificate number on record when an officer is chosen. Contract:
//   <select data-certificate="ID of the number's input"> with <option data-number="...">
// A number that was typed by hand stays.

for (const select of document.querySelectorAll("select[data-certificate]")) {
  const input = document.getElementById(select.dataset.certificate);
  const onRecord = [...select.options].map((option) => option.dataset.number || "");
  select.addEventListener("change", () => {
    if (onRecord.includes(input.value)) input.value = select.selectedOptions[0].dataset.number || "";
  });
}
