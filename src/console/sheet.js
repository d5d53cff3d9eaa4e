// A sheet to type into. Cells copied from a spreadsheet fill the cells from the focused one on.
"use strict";
(() => {
  const sheet = document.querySelector("table.sheet tbody");
  if (!sheet) return;

  const add = () => {
    const row = sheet.rows[sheet.rows.length - 1].cloneNode(true);
    const number = sheet.rows.length + 1;
    row.classList.remove("wrong-row");
    row.querySelector("th").textContent = number;
    for (const cell of row.querySelectorAll("input")) {
      cell.value = "";
      cell.removeAttribute("aria-invalid");
      cell.removeAttribute("title");
      cell.setAttribute("aria-label", cell.getAttribute("aria-label").replace(/\d+$/, number));
    }
    sheet.append(row);
    return row;
  };
  const place = (cell) => {
    const row = cell.closest("tr");
    return [row.sectionRowIndex, [...row.querySelectorAll("input")].indexOf(cell)];
  };
  const at = (row, column) => {
    while (sheet.rows.length <= row) add();
    return sheet.rows[row].querySelectorAll("input")[column];
  };

  sheet.addEventListener("input", (event) => {
    if (event.target.closest("tr") === sheet.rows[sheet.rows.length - 1]) add();
  });
  sheet.addEventListener("keydown", (event) => {
    const down = { ArrowDown: 1, Enter: 1, ArrowUp: -1 }[event.key];
    if (!down) return;
    const [row, column] = place(event.target);
    if (row + down < 0) return;
    event.preventDefault();
    at(row + down, column)?.focus();
  });
  sheet.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (!/[\t\n]/.test(text)) return;
    event.preventDefault();
    const [top, left] = place(event.target);
    const rows = text.replace(/\r?\n$/, "").split(/\r?\n/);
    rows.slice(0, 5000).forEach((line, down) => {
      line.split("\t").forEach((value, across) => {
        const cell = at(top + down, left + across);
        if (cell) cell.value = value;
      });
    });
    at(top + rows.length, left);
  });

  const file = document.querySelector("input[data-sheet]");
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    if (!chosen) return;
    const workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    const answer = await fetch(file.dataset.sheet, {
      method: "POST",
      body: chosen,
      headers: {
        "Content-Type": /\.xlsx$/i.test(chosen.name) ? workbook : "text/csv",
        "X-Form-Key": document.querySelector("table.sheet").closest("form").form_key.value,
      },
    });
    if (answer.redirected) return location.assign(answer.url);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const said = page.querySelector(".notice") ?? page.querySelector("#content");
    document.querySelector("#content > .notice")?.remove();
    document.querySelector("#content h1").after(said);
    file.value = "";
  });
})();
