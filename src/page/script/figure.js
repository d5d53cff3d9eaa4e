// Values under the pointer, zoom along x, series on and off. A module: figures are whole without it.
const same = (v) => v;
// From a value to its place on an even line, and back.
const scales = {
  pow: [(v) => v * Math.abs(v), (t) => Math.sign(t) * Math.sqrt(Math.abs(t))],
  "inv-square": [(v) => v ** -2, (t) => t ** -0.5],
  log: [Math.log10, (t) => 10 ** t],
};
const short = (v, scale) => scale === "time"
  ? new Date(v).toISOString().slice(0, 19).replace("T", " ")
  : String(Number(Number(v).toPrecision(5)));
const all = (root, selector) => [...root.querySelectorAll(selector)];
const set = (element, attributes) => {
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};
const make = (name, attributes) => set(document.createElementNS("http://www.w3.org/2000/svg", name), attributes);
const on = (element, name, act, options) => element.addEventListener(name, act, options);
const clamp = (v, least, most) => Math.max(least, Math.min(most, v));

const start = (figure) => {
  const svg = figure.querySelector("svg.figure");
  if (!svg) return;
  const pane = figure.querySelector(".pane") || figure;
  // Titles would be shown too.
  for (const title of all(svg, "title")) {
    if (title.parentNode === svg) set(svg, { "aria-label": title.textContent });
    title.remove();
  }
  const tip = set(document.createElement("div"), { class: "tip off", role: "status" });
  pane.append(tip);
  const cursor = make("line", { class: "cursor off" });
  svg.append(cursor);
  const show = (lines, [x, y]) => {
    tip.textContent = lines.join("\n");
    tip.classList.remove("off");
    const room = pane.clientWidth + pane.scrollLeft - tip.offsetWidth;
    const top = y - tip.offsetHeight - 12;
    tip.style.transform = `translate(${clamp(x + 12, 0, Math.max(0, room))}px, ${top < 0 ? y + 16 : top}px)`;
  };
  const hide = () => { for (const part of [tip, cursor]) part.classList.add("off"); };
  const local = (event) => {
    const box = pane.getBoundingClientRect();
    return [event.clientX - box.left + pane.scrollLeft, event.clientY - box.top];
  };
  for (const name of ["pointerleave", "blur"]) on(svg, name, hide);

  for (const item of all(figure, ".legend li")) {
    set(item.parentNode, { role: "group" });
    set(item, { tabindex: 0, role: "button", "aria-pressed": true });
    const flip = () => {
      const pressed = item.getAttribute("aria-pressed") !== "true";
      set(item, { "aria-pressed": pressed });
      for (const mark of all(svg, "[data-name]")) {
        if (mark.dataset.name === item.dataset.name) mark.classList.toggle("off", !pressed);
      }
    };
    on(item, "click", flip);
    on(item, "keydown", (event) => {
      if (!["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      flip();
    });
  }

  // Rectangles and slices say what they are.
  on(svg, "pointerover", (event) => {
    const mark = event.target.closest(".box, .slice");
    if (!mark) return;
    const { x, y, name } = mark.dataset;
    show([x || name, x && name ? `${name}: ${y}` : y], local(event));
  });

  const scale = svg.dataset.scale;
  const [left, top, width, height] = (svg.dataset.plot || "").split(" ").map(Number);
  const points = all(svg, ".line, .spot, .point, .dot");
  if (!scale || !points.length) return;
  const [warp, unwarp] = scales[scale] || [same, same];
  const ends = [Number(svg.dataset.first), Number(svg.dataset.last)];
  let view = ends;
  const size = () => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  const within = (x) => x > left - 1 && x < left + width + 1;
  const marks = points.map((element) => ({
    element,
    x: element.dataset.x.split(" ").map(Number),
    y: element.dataset.y.split(" ").map(Number),
  }));
  const tell = (at, event) => {
    let best = null;
    const shown = marks.filter((mark) => !mark.element.classList.contains("off"));
    for (const x of shown.flatMap((mark) => mark.x)) {
      const place = left + (width * (warp(x) - view[0])) / (view[1] - view[0]);
      const far = Math.abs(place - at);
      if (within(place) && (!best || far < best.far)) best = { x, place, far };
    }
    if (!best) return hide();
    const values = new Map();
    for (const { element, x, y } of shown) {
      x.forEach((value, n) => { if (value === best.x) values.set(element.dataset.name, y[n]); });
    }
    set(cursor, { x1: best.place, x2: best.place, y1: top, y2: top + height });
    cursor.classList.remove("off");
    const lines = [...values].slice(0, 14).map(([name, value]) => `${name}: ${short(value)}`);
    show([short(best.x, scale), ...lines], event ? local(event) : [best.place * size(), top * size() + 30]);
  };

  // Old and new places are affine in each other, so paths are stretched.
  const paths = all(svg, ".clip path").map((e) => [e, e.getAttribute("d")]);
  const spots = all(svg, ".spots > *").map((e) => [e, ...e.getAttribute("transform").match(/-?[\d.]+/g).map(Number)]);
  const notes = all(svg, ".note").map((e) => [e, Number(e.dataset.at)]);
  const ticks = svg.querySelector(".ticks");
  const whole = [...ticks.childNodes];
  const zoom = (from, to) => {
    const length = ends[1] - ends[0];
    if (to - from < length / 5000) return;
    view = [Math.max(ends[0], from), Math.min(ends[1], to)];
    const k = length / (view[1] - view[0]);
    const move = (x) => left + k * (x - left - ((view[0] - ends[0]) / length) * width);
    const place = (e, x, transform) => {
      set(e, { transform });
      e.classList.toggle("out", !within(x));
    };
    for (const [e, d] of paths) set(e, { d: d.replace(/(-?[\d.]+) (-?[\d.]+)/g, (_, x, y) => `${move(+x).toFixed(2)} ${y}`) });
    for (const [e, x, y] of spots) place(e, move(x), `translate(${move(x)} ${y})`);
    for (const [e, x] of notes) place(e, move(x), `translate(${move(x) - x} 0)`);
    const made = [0, 1, 2, 3, 4, 5].flatMap((n) => {
      const x = left + (n * width) / 5;
      const text = make("text", { class: "middle", x, y: top + height + 18 });
      const said = short(unwarp(view[0] + (n * (view[1] - view[0])) / 5), scale);
      text.textContent = scale === "time" ? said.slice(5, 16) : said;
      return [make("line", { class: "stroke", x1: x, x2: x, y1: top + height, y2: top + height + 4 }), text];
    });
    ticks.replaceChildren(...(k < 1.0001 ? whole : made));
  };
  const value = (x) => view[0] + clamp((x - left) / width, 0, 1) * (view[1] - view[0]);
  const around = (at, factor) => {
    const middle = value(at);
    zoom(middle - (middle - view[0]) * factor, middle + (view[1] - middle) * factor);
  };
  const inside = (event) => (event.clientX - svg.getBoundingClientRect().left) / size();
  let from = null;
  const brush = make("rect", { class: "brush", y: top, height });
  svg.append(brush);
  on(svg, "pointerdown", (event) => {
    if (event.button === 0 && event.pointerType === "mouse") from = inside(event);
  });
  on(svg, "pointermove", (event) => {
    const at = inside(event);
    if (from !== null) set(brush, { x: Math.min(from, at), width: Math.abs(at - from) });
    tell(at, event);
  });
  on(window, "pointerup", (event) => {
    if (from === null) return;
    const [low, high] = [from, inside(event)].sort((a, b) => a - b);
    if (high - low > 4) zoom(value(low), value(high));
    from = null;
    set(brush, { width: 0 });
  });
  // The wheel scrolls the page, so zooming takes a key.
  on(svg, "wheel", (event) => {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    around(inside(event), event.deltaY + event.deltaX > 0 ? 1.25 : 0.8);
  }, { passive: false });
  on(svg, "dblclick", () => zoom(...ends));

  svg.tabIndex = 0;
  let at = left;
  const keys = {
    ArrowLeft: () => { at = clamp(at - width / 40, left, at); },
    ArrowRight: () => { at = clamp(at + width / 40, at, left + width); },
    "+": () => around(at, 0.8), "-": () => around(at, 1.25), Escape: () => zoom(...ends),
  };
  on(svg, "keydown", (event) => {
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
    tell(at, null);
  });
};

for (const figure of all(document, "figure.plot")) start(figure);
