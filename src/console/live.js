// Keeps pages current. An element with data-live="/address" is filled anew from that address when
// something happens, or from the element data-pick of that page; <time data-since="…"> counts on.
"use strict";
(() => {
  const length = (seconds) => {
    const [minutes, hours, days] = [60, 3600, 86400].map((unit) => Math.floor(seconds / unit));
    if (days) return `${days} d ${hours % 24} h`;
    if (hours) return `${hours} h ${minutes % 60} min`;
    if (minutes) return `${minutes} min ${seconds % 60} s`;
    return `${seconds} s`;
  };
  const count = () => {
    for (const time of document.querySelectorAll("time[data-since]")) {
      const seconds = Math.floor((Date.now() - Date.parse(time.dataset.since)) / 1000);
      time.textContent = length(Math.max(0, seconds));
    }
  };
  setInterval(count, 1000);

  // A picture that is not there has an address too, with a picture that says so.
  const pictures = async () => {
    for (const image of document.querySelectorAll("img[data-picture]:not([src])")) {
      const answer = await fetch(image.dataset.picture, { method: "HEAD" }).catch(() => null);
      if (answer?.ok) {
        image.src = image.dataset.picture;
        image.hidden = false;
      }
    }
  };
  pictures();

  // A figure is an SVG file; the script paints it at twice its size for who wants a PNG.
  const paint = async (link) => {
    const text = await (await fetch(link.href)).text();
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth * 2, image.naturalHeight * 2];
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const file = document.createElement("a");
    file.href = canvas.toDataURL("image/png");
    file.download = (link.download || link.pathname.split("/").pop()).replace(/(\.svg)?$/, ".png");
    file.click();
  };
  for (const link of document.querySelectorAll("p.files a[href$='.svg']")) {
    const button = document.createElement("a");
    [button.href, button.textContent] = [link.href, "PNG"];
    button.addEventListener("click", (event) => {
      event.preventDefault();
      paint(link);
    });
    link.after(" ", button);
  }

  const live = document.querySelectorAll("[data-live]");
  if (!live.length) return;
  let waiting = null;
  const refresh = async () => {
    waiting = null;
    const texts = new Map();
    const get = async (address) => {
      const answer = await fetch(address, { headers: { "X-Part": "1" } });
      if (answer.redirected || answer.status === 401) return null;
      if (!answer.ok) throw new Error(answer.status);
      return answer.text();
    };
    for (const part of live) {
      const { live: address, pick } = part.dataset;
      try {
        if (!texts.has(address)) texts.set(address, get(address));
        const text = await texts.get(address);
        if (text === null) return location.reload();
        if (part.matches(":has(:focus)")) continue;
        part.innerHTML = pick
          ? new DOMParser().parseFromString(text, "text/html").querySelector(pick)?.innerHTML ?? ""
          : text;
        part.classList.remove("late");
      } catch {
        part.classList.add("late");
      }
    }
    count();
    pictures();
  };
  // Many events in a moment are one refresh.
  const soon = () => { waiting ??= setTimeout(refresh, 120); };
  const events = new EventSource("/events");
  for (const name of ["session.launched", "session.joined", "session.closed", "dataset", "report",
    "connection", "container.moved", "facility", "outbox", "health", "missed"]) {
    events.addEventListener(name, soon);
  }
  // No event tells of other projects, which have beamlines too.
  setInterval(() => { if (!document.hidden) soon(); }, 10_000);
  let lost = false;
  events.onerror = () => { lost = true; live.forEach((part) => part.classList.add("late")); };
  events.onopen = () => { if (lost) { lost = false; soon(); } };
})();
