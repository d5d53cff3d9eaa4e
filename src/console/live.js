// Keeps pages current. An element with data-live="/address" is filled anew from that address when
// something happens; <time data-since="…"> counts on.
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

  const live = document.querySelectorAll("[data-live]");
  if (!live.length) return;
  let waiting = null;
  const refresh = async () => {
    waiting = null;
    for (const part of live) {
      try {
        const answer = await fetch(part.dataset.live, { headers: { "X-Part": "1" } });
        if (answer.redirected || answer.status === 401) return location.reload();
        if (!answer.ok) throw new Error(answer.status);
        part.innerHTML = await answer.text();
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
    "connection", "container.moved", "missed"]) {
    events.addEventListener(name, soon);
  }
  // No event tells of other projects, which have beamlines too.
  setInterval(() => { if (!document.hidden) soon(); }, 10_000);
  let lost = false;
  events.onerror = () => { lost = true; live.forEach((part) => part.classList.add("late")); };
  events.onopen = () => { if (lost) { lost = false; soon(); } };
})();
