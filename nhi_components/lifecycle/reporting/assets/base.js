// What the page holds, and how it is put on it: every text by way of text nodes, so that no name is ever read as HTML.
const told = JSON.parse(document.getElementById("told").textContent);
const list = (found) => found || [];
// What is looked up by names of strangers inherits nothing that could be called by one of them.
const bare = (found) => Object.assign(Object.create(null), found);
const asOf = Date.parse(told.asOf);
const DAY = 86400000;
const identities = list(told.identities);
const living = identities.filter((each) => each.judgement !== "gone");
const byKey = new Map();
for (const each of identities) {
  if (!byKey.has(each.key) || each.judgement !== "gone") byKey.set(each.key, each);
}
const HIGH = 50;
const MEDIUM = 25;
const counted = new Intl.NumberFormat("en");
const many = (number, one, several) => `${counted.format(number)} ${number === 1 ? one : several}`;
const standing = (each) => (each.judgement === "gone" ? [] : list(each.verdicts).filter((one) => !one.clearedAt));
const has = (each, verdicts) => standing(each).some((one) => verdicts.includes(one.verdict));

// Characters that are not seen, or that turn the order of what follows, are shown by their number.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const shown = (text) =>
  String(text).replace(UNSEEN, (one) => `\\u{${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}}`);

function put(node, children) {
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(shown(child)));
  }
  return node;
}

function dress(node, attributes) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : shown(value));
  }
  return node;
}

const el = (tag, attributes, ...children) => put(dress(document.createElement(tag), attributes), children);
const svg = (tag, attributes, ...children) =>
  put(dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes), children);
const code = (text) => el("code", {}, el("bdi", {}, text));
const under = (text) => el("span", { class: "under" }, el("bdi", {}, text));
const link = (text, onclick, more) => el("button", { type: "button", class: "link", onclick, ...more }, text);
const badge = (text, tone) => el("span", { class: `badge ${tone || ""}` }, text);
const section = (name) => document.getElementById(name);
const day = (time) => (time ? time.slice(0, 10) : "");
const minute = (time) => (time ? `${time.slice(0, 10)} ${time.slice(11, 16)}` : "");
const daysSince = (time) => Math.floor((asOf - Date.parse(time)) / DAY);

function tone(score) {
  return score >= HIGH ? "high" : score >= MEDIUM ? "medium" : score > 0 ? "low" : "";
}

function risk(each) {
  if (each.judgement === "gone") return badge("gone");
  if (each.judgement === "service-linked") return [badge("not judged"), under("a service's own")];
  if (each.judgement === "found-later") return badge("not judged yet", "dashed");
  const name = { high: "high", medium: "medium", low: "low" }[tone(each.score)];
  return badge(name ? `${each.score} ${name}` : "0 none found", tone(each.score));
}

function lastUsed(each) {
  if (each.lastUsedAt) return day(each.lastUsedAt);
  return each.useWatchedSince ? `not since ${day(each.useWatchedSince)}` : "not told";
}

function reveal(name) {
  section(name).scrollIntoView();
}

// What is wider than the page scrolls in itself, by the keyboard too.
const widths = new ResizeObserver((seen) => {
  for (const { target } of seen) {
    if (target.scrollWidth > target.clientWidth) dress(target, { tabindex: "0", role: "region" });
    else ["tabindex", "role"].forEach((name) => target.removeAttribute(name));
  }
});
function scrolling(attributes, ...children) {
  const host = el("div", { class: "scroll", ...attributes }, children);
  widths.observe(host);
  return host;
}

// A table whose columns sort, shown a page at a time.
let tables = 0;
const NARROW = matchMedia("(max-width: 40rem)").matches;
function table({ caption, columns, rows = [], size = 10, sort = null, empty = "nothing." }) {
  const state = { rows: [], at: 0, sort, size: NARROW ? 10 : size };
  const label = `table-${++tables}`;
  // A narrow window stacks cells, for which browsers may forget what they are: so it is said.
  const body = el("tbody", { role: "rowgroup" });
  const heads = columns.map((column, index) => {
    const button = column.by && link(column.label, () => turn(index), { class: "sort" });
    return el("th", { scope: "col", role: "columnheader", class: column.class || null }, button || column.label);
  });
  const count = el("p", { role: "status", "aria-live": "polite" });
  const step = (text, name, to) => el("button", { type: "button", "aria-label": name, onclick: () => go(to()) }, text);
  const last = () => Math.max(0, Math.ceil(state.rows.length / state.size) - 1);
  const steps = [
    step("\u00ab", "First page", () => 0),
    step("\u2039 Previous", "Previous page", () => state.at - 1),
    step("Next \u203a", "Next page", () => state.at + 1),
    step("\u00bb", "Last page", last),
  ];
  const sizes = el("select", { onchange: (event) => resize(Number(event.target.value)) },
    [10, 25, 50, 100, 250].map((each) => el("option", { value: each, selected: each === state.size }, each)));
  const pager = el("div", { class: "pager" }, count, steps, el("label", {}, "Rows ", sizes));
  const nothing = el("p", { class: "empty" }, `${caption}: `, empty);
  const scroll = scrolling({ "aria-labelledby": label },
    el("table", { class: "stacked", role: "table", "aria-labelledby": label }, el("caption", { id: label }, caption),
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads)), body));
  const element = el("div", {}, scroll, nothing, pager);

  function turn(index) {
    const falls = state.sort && state.sort.index === index ? !state.sort.falls : Boolean(columns[index].falls);
    state.sort = { index, falls };
    arrange();
    go(0);
  }
  function resize(to) {
    state.size = to;
    go(0);
  }
  function arrange() {
    if (!state.sort) return;
    const { index, falls } = state.sort;
    const by = columns[index].by;
    const keyed = state.rows.map((row, at) => [by(row), at, row]);
    const sign = falls ? -1 : 1;
    // What is not known stands last, whichever way the others are sorted.
    keyed.sort(([one, first], [other, second]) => {
      const none = (one === null || one === undefined) - (other === null || other === undefined);
      if (none) return none;
      return (one < other ? -sign : one > other ? sign : 0) || first - second;
    });
    state.rows = keyed.map(([, , row]) => row);
  }
  function go(to) {
    state.at = Math.min(Math.max(0, to), last());
    const from = state.at * state.size;
    const part = state.rows.slice(from, from + state.size);
    body.replaceChildren(...part.map(draw));
    heads.forEach((head, index) => {
      if (!columns[index].by) return;
      const here = state.sort && state.sort.index === index;
      head.setAttribute("aria-sort", here ? (state.sort.falls ? "descending" : "ascending") : "none");
    });
    const whole = state.rows.length <= state.size;
    const range = whole ? "" : `, ${counted.format(from + 1)} to ${counted.format(from + part.length)} shown`;
    count.textContent = `${many(state.rows.length, "row", "rows")}${range}`;
    steps.forEach((button, index) => {
      button.disabled = index < 2 ? state.at === 0 : state.at === last();
      button.hidden = whole;
    });
    sizes.parentElement.hidden = state.rows.length <= 10;
    scroll.hidden = !state.rows.length;
    nothing.hidden = Boolean(state.rows.length);
    pager.hidden = !state.rows.length;
  }
  function draw(row) {
    return el("tr", { role: "row" }, columns.map((column, index) => {
      const cell = column.cell(row);
      if (index === 0) return el("th", { scope: "row", role: "rowheader", class: column.class || null }, cell);
      return el("td", { role: "cell", class: column.class || null, "data-label": column.label }, cell);
    }));
  }
  function show(fresh) {
    state.rows = [...fresh];
    arrange();
    go(0);
  }
  show(rows);
  return { element, show, count };
}
