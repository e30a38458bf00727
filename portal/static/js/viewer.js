// Zoom and turn of a picture. Contract:
//   <figure data-viewer> <div data-stage><img></div> <div data-viewer-tools hidden>
//     <button data-zoom="in|out|fit">, <button data-turn="90">, <span data-zoom-said data-text="{percent} %">
// Without script the picture stands there whole.

const STEPS = [1, 1.5, 2, 3, 4, 6, 8];

function start(viewer) {
  const stage = viewer.querySelector("[data-stage]");
  const picture = stage.querySelector("img");
  const said = viewer.querySelector("[data-zoom-said]");
  let step = 0;
  let turned = 0;

  function show() {
    stage.classList.remove("zoomed");
    for (const name of ["width", "height", "maxHeight", "maxWidth", "transform", "margin"]) picture.style[name] = "";
    const across = turned % 180 !== 0;
    const whole = picture.getBoundingClientRect();
    // Lying on its side, the height of the picture has to fit the width of the stage.
    const fit = across ? Math.min(1, stage.clientWidth / whole.height) : 1;
    const width = whole.width * fit * STEPS[step];
    const height = whole.height * fit * STEPS[step];
    if (step || across) {
      stage.classList.toggle("zoomed", step > 0);
      picture.style.maxHeight = picture.style.maxWidth = "none";
      picture.style.width = `${width}px`;
      picture.style.height = `${height}px`;
    }
    picture.style.transform = turned ? `rotate(${turned}deg)` : "";
    if (across) picture.style.margin = `${(width - height) / 2}px ${(height - width) / 2}px`;
    said.textContent = said.dataset.text.replace("{percent}", Math.round(STEPS[step] * 100));
  }

  viewer.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom], [data-turn]");
    if (!button) return;
    if (button.dataset.turn) turned = (turned + Number(button.dataset.turn)) % 360;
    if (button.dataset.zoom === "in") step = Math.min(STEPS.length - 1, step + 1);
    if (button.dataset.zoom === "out") step = Math.max(0, step - 1);
    if (button.dataset.zoom === "fit") step = 0;
    show();
  });
  addEventListener("resize", show);
  viewer.querySelector("[data-viewer-tools]").hidden = false;
}

for (const viewer of document.querySelectorAll("[data-viewer]")) start(viewer);
