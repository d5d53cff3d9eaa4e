// Containers are dragged: from the list or a place to a free place, or back to the list. The form
// beside the drawing does the same by keyboard; a drag fills it in and sends it.
"use strict";
(() => {
  const form = document.querySelector("form.loader");
  if (!form || !document.querySelector("[data-moves]")) return;
  let drag = null;

  const target = (event) => {
    const under = document.elementFromPoint(event.clientX, event.clientY);
    return under?.closest("[data-parent], [data-shelf]");
  };
  const stop = () => {
    drag?.ghost?.remove();
    document.querySelectorAll(".over").forEach((place) => place.classList.remove("over"));
    drag = null;
  };

  document.addEventListener("dragstart", (event) => {
    if (event.target.closest?.("[data-container]")) event.preventDefault();
  });
  document.addEventListener("pointerdown", (event) => {
    const held = event.target.closest("[data-container]");
    if (!held || event.button !== 0) return;
    drag = { name: held.dataset.container, x: event.clientX, y: event.clientY, ghost: null };
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    if (!drag.ghost) {
      if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 6) return;
      drag.ghost = document.createElement("div");
      drag.ghost.className = "ghost";
      drag.ghost.textContent = drag.name;
      document.body.append(drag.ghost);
    }
    event.preventDefault();
    drag.ghost.style.transform = `translate(${event.clientX + 12}px, ${event.clientY + 12}px)`;
    document.querySelectorAll(".over").forEach((place) => place.classList.remove("over"));
    target(event)?.classList.add("over");
  });
  document.addEventListener("pointerup", (event) => {
    const place = drag?.ghost ? target(event) : null;
    const name = drag?.name;
    const moved = Boolean(drag?.ghost);
    stop();
    // A drag that ends on a link is no click on it.
    if (moved) addEventListener("click", (click) => click.preventDefault(), { capture: true, once: true });
    if (!place) return;
    const { parent, location } = place.dataset;
    const value = parent ? `${parent}|${location}` : "";
    if (![...form.place.options].some((option) => option.value === value)) {
      form.place.append(new Option(value, value));
    }
    form.container.value = name;
    form.place.value = value;
    form.requestSubmit();
  });
  document.addEventListener("pointercancel", stop);
})();
