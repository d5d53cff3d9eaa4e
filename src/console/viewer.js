// Shows the frames of a dataset: one at a time, fetched when it is looked at.
"use strict";
(() => {
  for (const viewer of document.querySelectorAll("section.frames")) {
    const set = viewer.dataset;
    const [stage, image] = [viewer.querySelector(".stage"), viewer.querySelector(".stage img")];
    const [input, said] = [viewer.querySelector("[data-frame]"), viewer.querySelector("[data-said]")];
    const brightness = viewer.querySelector("[data-brightness]");
    const [first, last] = [Number(set.first), Number(set.last)];
    let [frame, scale, left, top, whole] = [first, 1, 0, 0, true];

    // `name_{:05d}.cbf` has the number in it; an HDF5 file has it below its name.
    const file = (number) => {
      const field = /\{:?0?[<>=^]?0?(\d*)d?\}/.exec(set.template);
      if (field) return set.template.replace(field[0], String(number).padStart(Number(field[1] || 1), "0"));
      return /\.(h5|nxs)$/.test(set.template) ? `${set.template}/${number}` : set.template;
    };
    const address = (number) => {
      const parts = file(number).split("/").map(encodeURIComponent).join("/");
      return `${set.files}${parts}/${brightness.value}.png`;
    };
    const place = () => {
      image.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    };
    const fit = () => {
      if (!image.naturalWidth) return;
      scale = Math.min(stage.clientWidth / image.naturalWidth, stage.clientHeight / image.naturalHeight);
      left = (stage.clientWidth - image.naturalWidth * scale) / 2;
      top = (stage.clientHeight - image.naturalHeight * scale) / 2;
      whole = true;
      place();
    };
    const angle = () => {
      if (set.delta === undefined) return "";
      return `, ${(Number(set.start || 0) + (frame - first) * Number(set.delta)).toFixed(2)}°`;
    };
    const show = (number) => {
      frame = Math.min(last, Math.max(first, Math.round(number) || first));
      input.value = frame;
      said.textContent = `frame ${frame}${angle()} …`;
      image.src = address(frame);
      image.alt = `Frame ${frame} of ${last}`;
    };
    let fitted = false;
    // A picture also stands for a file that is not there: the status tells.
    const there = () => !(performance.getEntriesByName(image.src).at(-1)?.responseStatus >= 400);
    performance.addEventListener("resourcetimingbufferfull", () => performance.clearResourceTimings());
    const lost = () => {
      said.textContent = `frame ${frame}${angle()}: the file is not there or can't be shown`;
    };
    image.addEventListener("load", () => {
      if (there()) said.textContent = `frame ${frame}${angle()}`;
      else lost();
      if (!fitted) { fitted = true; fit(); }
      if (frame < last) new Image().src = address(frame + 1);
    });
    image.addEventListener("error", lost);
    // A frame that is shown whole stays whole when the window changes.
    new ResizeObserver(() => { if (whole) fit(); }).observe(stage);

    // The resolution at a point of the picture, in Å: Bragg's law at the angle of the point.
    const resolution = (x, y) => {
      const [wavelength, pixel, size] = [set.wavelength, set.pixel, set.size].map(Number);
      if (!wavelength || !pixel || set.x === undefined || !image.naturalWidth) return null;
      const share = size ? size / image.naturalWidth : 1;
      const radius = Math.hypot(x * share - Number(set.x), y * share - Number(set.y)) * pixel;
      let distance = Number(set.distance);
      if (!distance && set.resolution && size) {
        const edge = (size * pixel) / 2;
        distance = edge / Math.tan(2 * Math.asin(wavelength / (2 * Number(set.resolution))));
      }
      if (!distance || !radius) return null;
      return wavelength / (2 * Math.sin(Math.atan(radius / distance) / 2));
    };
    stage.addEventListener("pointermove", (event) => {
      const box = stage.getBoundingClientRect();
      const [x, y] = [(event.clientX - box.left - left) / scale, (event.clientY - box.top - top) / scale];
      if (event.buttons & 1) {
        whole = false;
        left += event.movementX;
        top += event.movementY;
        place();
      }
      const found = resolution(x, y);
      const where = found ? `, ${found.toFixed(2)} Å` : "";
      said.textContent = `frame ${frame}${angle()}, x ${Math.round(x)}, y ${Math.round(y)}${where}`;
    });
    stage.addEventListener("pointerdown", (event) => stage.setPointerCapture(event.pointerId));
    const zoom = (factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) => {
      const wanted = Math.min(40, Math.max(0.02, scale * factor));
      left = x - ((x - left) * wanted) / scale;
      top = y - ((y - top) * wanted) / scale;
      scale = wanted;
      whole = false;
      image.style.imageRendering = scale > 3 ? "pixelated" : "auto";
      place();
    };
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = stage.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });
    stage.addEventListener("dblclick", fit);
    stage.addEventListener("keydown", (event) => {
      const act = { ArrowLeft: () => show(frame - 1), ArrowRight: () => show(frame + 1), Home: () => show(first),
        End: () => show(last), "+": () => zoom(1.25), "-": () => zoom(0.8), 0: fit }[event.key];
      if (act) { event.preventDefault(); act(); }
    });
    for (const button of viewer.querySelectorAll("[data-go]")) {
      button.addEventListener("click", () => show(frame + Number(button.dataset.go)));
    }
    const zooms = { in: () => zoom(1.25), out: () => zoom(0.8), fit };
    for (const button of viewer.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", zooms[button.dataset.zoom]);
    }
    input.addEventListener("change", () => show(Number(input.value)));
    brightness.addEventListener("change", () => show(frame));
    // A cell of a grid leads to its frame.
    const named = () => Number(/^#frame=(\d+)$/.exec(location.hash)?.[1] ?? first);
    addEventListener("hashchange", () => show(named()));
    show(named());
  }
})();
