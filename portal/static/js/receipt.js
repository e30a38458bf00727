// The receipt page: save the code without a further request, print it. Contract:
//   <button data-save="#id">     saves the groups of that list as a small text file; without script the form is posted
//   <button hidden data-print>   prints the page

function codeOf(target) {
  return [...target.querySelectorAll("li")].map((item) => item.textContent.trim()).join("-");
}

for (const button of document.querySelectorAll("button[data-save]")) {
  const target = document.querySelector(button.dataset.save);
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const address = URL.createObjectURL(new Blob([`${codeOf(target)}\r\n`], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = "note.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  });
}

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
