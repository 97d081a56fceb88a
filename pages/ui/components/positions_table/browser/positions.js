// The positions, one row each: fields that are edited in place, and the row's results beside them.
//
// What stands in the fields is the truth. The server reads it and answers with results and faults by row; it writes
// into a field only where the whole table is another one (`revision`), after Undo, an import or an example, say. So
// nothing that is typed can be lost to an answer that was on its way.

const PAUSE = 250; // Milliseconds without a key after which a half-typed table is read.

const tables = new WeakMap(); // By the place where it is drawn.

const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
};

// What a person enters, in the order of the columns.
const FIELDS = [
  { name: "token", label: "Token", list: true },
  { name: "side", label: "Side", options: [["long", "Long"], ["short", "Short"]] },
  { name: "size", label: "Size", number: true },
  { name: "unit", label: "Unit", options: [["tokens", "tokens"], ["$", "$"], ["margin", "$ margin"]] },
  { name: "entry", label: "Entry", number: true },
  { name: "mark", label: "Mark", number: true },
  { name: "leverage", label: "Leverage", number: true },
  { name: "margin", label: "Isolated margin", number: true, isolated: true },
];
const RESULTS = [
  { name: "value", label: "Value" },
  { name: "pnl", label: "PnL" },
  { name: "maintenance", label: "Maint. margin" },
  { name: "liquidation", label: "Liquidation" },
  { name: "distance", label: "Distance", bar: true },
  { name: "funding", label: "Funding/day" },
];

class Table {
  constructor(place) {
    this.place = place;
    this.revision = null;
    this.rows = []; // What stands in the fields.
    this.drawn = new Map(); // By row: its line in the table, its fields and its results.
    this.sent = 0;
  }

  // Called with every run of the page.
  show(data, send) {
    this.data = data;
    this.send = send;
    if (this.revision !== data.revision) this.begin();
    else if (this.isolated !== data.isolated) this.draw(); // A column more, or one less.
    else this.answer();
  }

  begin() {
    clearTimeout(this.timer);
    this.revision = this.data.revision;
    this.rows = this.data.rows.map((row) => ({ ...row, priced: row.token }));
    this.draw();
  }

  get fields() {
    return FIELDS.filter((field) => !field.isolated || this.isolated);
  }

  draw() {
    this.isolated = this.data.isolated;
    const heads = [...this.fields, ...RESULTS].map((column) => this.head(column));
    const tokens = element("datalist", { id: "tandem-tokens" });
    tokens.append(...Object.keys(this.data.tokens).map((value) => element("option", { value })));
    this.body = element("tbody");
    this.drawn.clear();
    for (const row of this.rows) this.body.append(this.line(row));
    const table = element(
      "table",
      { "aria-label": "Positions" },
      element("thead", {}, element("tr", {}, ...heads, element("th", {}, element("span", { class: "unseen" }, "Actions")))),
      this.body,
    );
    const add = element("button", { type: "button", class: "add", onclick: () => this.add() }, "Add position");
    this.place.replaceChildren(tokens, element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Positions" }, table), add);
    this.answer();
  }

  head(column) {
    const sort = element(
      "button",
      { type: "button", title: `Sort by ${column.label.toLowerCase()}`, onclick: () => this.sort(column) },
      column.label,
    );
    return element("th", { scope: "col", class: column.number || !column.options ? "" : "choice" }, sort);
  }

  line(row) {
    const fields = {};
    const results = {};
    const line = element("tr");
    for (const field of this.fields) {
      fields[field.name] = this.field(field, row);
      const cell = element("td", { "data-label": field.label }, fields[field.name]);
      if (field.name === "mark") cell.append((results.moved = element("small"))); // Where a move took it.
      line.append(cell);
    }
    for (const result of RESULTS) {
      results[result.name] = element("span");
      const cell = element("td", { class: `result ${result.name}`, "data-label": result.label }, results[result.name]);
      if (result.bar) {
        results.bar = element("i");
        cell.append(element("b", { class: "bar", "aria-hidden": "true" }, results.bar));
      }
      line.append(cell);
    }
    const actions = [
      ["⇄", "Flip", () => this.flip(row)],
      ["+", "Duplicate", () => this.duplicate(row)],
      ["✕", "Remove", () => this.remove(row)],
    ].map(([sign, name, onclick]) => {
      const button = element("button", { type: "button", onclick, title: name }, sign);
      return [name, button];
    });
    line.append(element("td", { class: "actions" }, ...actions.map(([, button]) => button)));
    const fault = element("td", { class: "fault", colspan: this.fields.length + RESULTS.length + 1 });
    const below = element("tr", { class: "below", hidden: true }, fault);
    this.drawn.set(row.id, { row, line, below, fault, fields, results, actions });
    const pair = document.createDocumentFragment();
    pair.append(line, below);
    return pair;
  }

  field({ name, options, list }, row) {
    if (options) {
      const select = element("select", {}, ...options.map(([value, label]) => element("option", { value }, label)));
      select.value = row[name];
      select.addEventListener("change", () => this.typed(row, name, select.value, true));
      return select;
    }
    const input = element("input", {
      type: "text",
      inputmode: list ? "text" : "decimal",
      list: list ? "tandem-tokens" : null,
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 40,
    });
    input.value = row[name] ?? "";
    input.addEventListener("input", () => this.typed(row, name, input.value, false));
    input.addEventListener("change", () => this.typed(row, name, input.value, true));
    input.addEventListener("focus", () => input.select());
    input.addEventListener("keydown", (event) => this.key(event, row, name));
    return input;
  }

  // Enter, up and down go along the column, as in any sheet.
  key(event, row, name) {
    if (name === "token" && event.key !== "Enter") return; // Up and down choose among its suggestions.
    const step = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = this.rows[this.rows.indexOf(row) + step];
    if (event.key === "Enter") this.typed(row, name, event.target.value, true);
    if (next) this.drawn.get(next.id).fields[name].focus();
    else event.target.select();
  }

  typed(row, name, value, whole) {
    if (row[name] !== value) {
      row[name] = value;
      this.changed = true;
      this.stale(row);
      if (name === "mark") this.sameMark(row);
      if (name === "size" && value.includes("$") && row.unit === "tokens") this.write(row, "unit", "$");
    }
    if (name === "token" && whole && row.priced !== value) {
      this.price(row);
      this.changed = true;
    }
    if (whole) this.commit();
    else this.later();
  }

  // A token has one mark price, on whichever side it is held.
  sameMark(row) {
    for (const other of this.rows) {
      if (other !== row && other.token === row.token) this.write(other, "mark", row.mark);
    }
  }

  // Another token's entry and mark are not this one's: it begins with its own price. What was typed into a new row
  // before its token stays.
  price(row) {
    const known = this.data.tokens[row.token.trim().toUpperCase()] ?? "";
    for (const name of ["entry", "mark"]) {
      if (row.priced || !row[name]) this.write(row, name, known);
    }
    row.priced = row.token;
  }

  write(row, name, value) {
    row[name] = value;
    this.drawn.get(row.id).fields[name].value = value;
  }

  stale(row) {
    this.drawn.get(row.id).line.classList.add("stale");
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.commit(), PAUSE);
  }

  commit() {
    clearTimeout(this.timer);
    if (!this.changed) return;
    this.changed = false;
    this.sent = Math.max(this.sent, this.data.turn) + 1;
    this.send("typed", { revision: this.revision, turn: this.sent, rows: this.rows });
  }

  act() {
    this.changed = true;
    this.draw();
    this.commit();
  }

  fresh() {
    this.made = (this.made ?? 0) + 1;
    return `${this.revision}.${this.made}`;
  }

  add(values = {}) {
    const row = { id: this.fresh(), token: "", side: "long", size: "", unit: "tokens", entry: "", mark: "", leverage: "10", margin: "", ...values };
    this.rows.push(row);
    this.act();
    this.drawn.get(row.id).fields.token.focus();
  }

  flip(row) {
    row.side = row.side === "long" ? "short" : "long";
    this.act();
  }

  duplicate(row) {
    this.rows.splice(this.rows.indexOf(row) + 1, 0, { ...row, id: this.fresh() });
    this.act();
  }

  remove(row) {
    this.rows.splice(this.rows.indexOf(row), 1);
    this.act();
  }

  sort({ name }) {
    const key = (row) => this.data.results[row.id]?.order?.[name] ?? row[name] ?? "";
    const before = this.rows.map((row) => row.id).join();
    const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
    this.rows.sort((a, b) => compare(key(a), key(b)));
    if (this.rows.map((row) => row.id).join() === before) this.rows.reverse();
    this.act();
  }

  // Results and faults as the server has them; a row that has changed since keeps its old ones, greyed.
  answer() {
    const current = this.data.turn >= this.sent && !this.changed;
    this.rows.forEach((row, index) => {
      const drawn = this.drawn.get(row.id);
      this.name(drawn, index + 1);
      const result = this.data.results[row.id] ?? {};
      for (const { name } of RESULTS) {
        drawn.results[name].textContent = result[name] ?? "–";
        drawn.results[name].className = result.tone?.[name] ?? "";
      }
      drawn.results.moved.textContent = result.moved ?? "";
      drawn.results.bar.style.width = `${100 * (result.reach ?? 0)}%`;
      if (current) {
        drawn.line.classList.remove("stale");
        this.follow(row, drawn);
      }
      this.blame(drawn, this.data.faults[row.id]);
    });
  }

  // A mark price can change elsewhere: by live data, in the table of mark prices, by Reset.
  follow(row, { fields }) {
    const mark = this.data.marks[row.id];
    if (mark !== undefined && mark !== row.mark && document.activeElement !== fields.mark) this.write(row, "mark", mark);
  }

  blame({ line, below, fault, fields }, found) {
    for (const [name, field] of Object.entries(fields)) {
      const wrong = found?.field === name;
      field.setAttribute("aria-invalid", wrong && !found.quiet);
      field.classList.toggle("wanted", wrong && found.quiet);
    }
    line.classList.toggle("left-out", Boolean(found));
    below.hidden = !found;
    fault.replaceChildren(found?.text ?? "", ...(found?.repairs ?? []).map(([name, label]) => this.repair(line, name, label)));
    fault.classList.toggle("quiet", Boolean(found?.quiet));
  }

  repair(line, name, label) {
    const { row } = [...this.drawn.values()].find((drawn) => drawn.line === line);
    const onclick = () => this.send.trigger("repair", { id: row.id, name });
    return element("button", { type: "button", class: "repair", onclick }, label);
  }

  name({ fields, actions }, place) {
    for (const { name, label } of this.fields) fields[name].setAttribute("aria-label", `${label}, row ${place}`);
    for (const [name, button] of actions) button.setAttribute("aria-label", `${name} row ${place}`);
  }
}

export default ({ data, parentElement, setStateValue, setTriggerValue }) => {
  const place = parentElement.querySelector(".tandem-positions");
  const table = tables.get(place) ?? new Table(place);
  tables.set(place, table);
  table.show(data, Object.assign((...value) => setStateValue(...value), { trigger: setTriggerValue }));
};
