// Who can become whom: the surroundings of one identity and its way to an administrator, as a picture and as tables.
const become = told.becoming || (told.becoming = {});
const names = bare(become.names);
const ways = bare(become.ways);
const going = new Map();
for (const [node, all] of Object.entries(names)) for (const name of all) add(going, name, node);
const stepsFrom = new Map();
const stepsTo = new Map();
for (const step of list(become.steps)) {
  add(stepsFrom, step.source, step);
  add(stepsTo, step.target, step);
}
function add(map, key, value) {
  if (map.has(key)) map.get(key).push(value);
  else map.set(key, [value]);
}
const isAdmin = (node) => Boolean(ways[node]) && !ways[node].hops;
const SHOWN = 8;

function outOf(node) {
  const rows = [node, ...list(names[node])].flatMap((name) =>
    list(stepsFrom.get(name)).map((step) => ({ node: step.target, how: step.how, certain: step.certain, name })));
  return once(rows.filter((row) => row.node !== node));
}
function into(node) {
  const rows = list(stepsTo.get(node)).flatMap((step) => {
    const nodes = [...list(going.get(step.source))];
    if (byKey.has(step.source) || !nodes.length) nodes.unshift(step.source);
    return nodes.map((each) => ({ node: each, how: step.how, certain: step.certain, name: step.source }));
  });
  return once(rows.filter((row) => row.node !== node));
}
function once(rows) {
  // Of several steps between two the certain one is told first.
  const kept = new Map();
  for (const row of rows) {
    const known = kept.get(row.node);
    if (!known || (row.certain && !known.certain)) kept.set(row.node, row);
  }
  return [...kept.values()].sort((one, other) => (one.node < other.node ? -1 : 1));
}
function wayOf(node) {
  const found = [node];
  while (ways[node] && ways[node].hops && ways[node].next !== node && found.length < 1000) {
    node = ways[node].next;
    found.push(node);
  }
  return found;
}
const labelOf = (node) => (byKey.has(node) ? byKey.get(node).name || node : node);
const sortOf = (node) => {
  if (isAdmin(node)) return "as good as administrator";
  return byKey.has(node) ? `${byKey.get(node).system} ${byKey.get(node).kind}` : "not an identity of the inventory";
};

const picture = scrolling({ "aria-label": "Picture of who can become whom" });
const story = el("div", { id: "story" });
const matches = el("ul", { class: "matches" });
const pickedName = el("h3", { id: "picked", "aria-live": "polite" });

function drawBecoming() {
  const nodes = [...new Set([...Object.keys(ways), ...list(become.steps).map((step) => step.target), ...Object.keys(names)])];
  if (!nodes.length) {
    put(section("becoming"), [el("p", {}, "No way from one identity to another was seen, and no administrator.")]);
    return;
  }
  const look = el("input", { type: "search", autocomplete: "off", spellcheck: "false", oninput: (event) => match(event.target.value) });
  const reaching = Object.keys(ways).filter((node) => ways[node].hops && byKey.has(node));
  const leading = table({
    caption: "Identities that can become an administrator, the shortest ways first",
    columns: [
      { label: "Name", by: (node) => labelOf(node).toLowerCase(), cell: (node) => link(labelOf(node), () => pick(node, true)) },
      { label: "Steps", by: (node) => ways[node].hops, class: "number", cell: (node) => String(ways[node].hops) },
      { label: "Certain", by: (node) => (ways[node].certain ? "yes" : "no"),
        cell: (node) => (ways[node].certain ? "yes" : "hangs on a condition") },
      { label: "Way", cell: (node) => el("bdi", {}, ways[node].tale) },
    ],
    rows: reaching,
    sort: { index: 1, falls: false },
    empty: "none was found among what was seen.",
  });
  put(section("becoming"), [
    el("form", { class: "filters", role: "search", onsubmit: (event) => { event.preventDefault(); const first = matches.querySelector("button"); if (first) first.click(); } },
      el("label", { class: "grow" }, "Look at an identity", look)),
    matches, pickedName, picture,
    el("p", { class: "soft" }, "Left to right: who may become it, itself, whom it may become, and on along its way to an administrator. " +
      "Thick: a shortest way to an administrator. Dashed: hangs on a condition that cannot be decided here. Double frame: administrator, or as good as one."),
    story, el("h3", {}, "Ways to an administrator"), leading.element,
  ]);
  const first = reaching.sort((one, other) => ways[other].hops - ways[one].hops || (one < other ? -1 : 1))[0];
  pick(first || nodes.find((node) => byKey.has(node)) || nodes[0]);
}

function match(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = words.length ? living.filter((each) => words.every((word) => each.hay.includes(word))).slice(0, SHOWN) : [];
  matches.replaceChildren(...hits.map((each) =>
    el("li", {}, el("button", { type: "button", onclick: () => { pick(each.key, true); matches.replaceChildren(); } }, each.name || each.key))));
}

function pick(node, focus) {
  const [sources, targets, way] = [into(node), outOf(node), wayOf(node)];
  pickedName.replaceChildren();
  put(pickedName, [el("bdi", {}, labelOf(node))]);
  if (byKey.has(node)) put(pickedName, [" ", link("all that is known", () => openDetail(byKey.get(node)))]);
  paint(node, sources, targets, way);
  const columns = (word) => [
    { label: word, by: (row) => labelOf(row.node).toLowerCase(), cell: (row) => [link(labelOf(row.node), () => pick(row.node, true)),
      labelOf(row.node) === row.node ? "" : under(row.node)] },
    { label: "How", by: (row) => row.how, cell: (row) => [row.how, list(going.get(row.name)).length > 1 ? under(`as ${many(going.get(row.name).length, "identity", "identities")} may, by what they share`) : ""] },
    { label: "Certain", by: (row) => (row.certain ? "yes" : "no"), cell: (row) => (row.certain ? "yes" : "hangs on a condition") },
  ];
  story.replaceChildren();
  const told_ = way.length > 1 ? el("ol", { class: "way" }, way.map((each) => el("li", {}, el("bdi", {}, labelOf(each)), under(sortOf(each))))) : "";
  const none = isAdmin(node) ? "It is an administrator, or as good as one, itself." : "No way to an administrator was found among what was seen.";
  put(story, [
    el("h4", {}, "Its way to an administrator"), told_ || el("p", {}, none),
    el("div", { class: "halves" },
      table({ caption: "Who may become it", columns: columns("Who"), rows: sources, empty: "nobody that was seen." }).element,
      table({ caption: "Whom it may become", columns: columns("Whom"), rows: targets, empty: "nobody that was seen." }).element),
  ]);
  if (focus) { pickedName.tabIndex = -1; pickedName.focus({ preventScroll: true }); reveal("becoming"); }
}

function paint(node, sources, targets, way) {
  const [wide, tall, across, down] = [190, 44, 64, 14];
  const next = way[1];
  const ordered = next ? [targets.find((row) => row.node === next) || { node: next, how: "become", certain: ways[node].certain },
    ...targets.filter((row) => row.node !== next)] : targets;
  const first = sources.length ? 0 : 1;
  const columns = [sources.slice(0, SHOWN), [{ node, certain: true }], ordered.slice(0, SHOWN), ...way.slice(2, 14).map((each) => [{ node: each }])];
  const most = Math.max(...columns.map((column) => column.length));
  const more = [sources.length, 1, ordered.length].map((number, at) => number - columns[at].length);
  const height = (most + (Math.max(...more) > 0 ? 0.6 : 0)) * (tall + down);
  const number = columns.length - first - (columns.length === 3 && !columns[2].length ? 1 : 0);
  const width = number * wide + (number - 1) * across + 8;
  const left = (column) => 4 + (column - first) * (wide + across);
  const top = (column, row) => (column < 2 ? ((most - columns[column].length) * (tall + down)) / 2 : 0) + row * (tall + down) + 6;
  const middle = top(1, 0) + tall / 2;
  const edges = [];
  const line = (from, to, y1, y2, row, thick) => {
    const bend = (to - from) / 2;
    const classes = ["edge", row.certain ? "" : "doubtful", thick ? "way" : ""].filter(Boolean).join(" ");
    edges.push(svg("path", { class: classes, "marker-end": "url(#head)", d: `M${from} ${y1} C${from + bend} ${y1} ${to - bend} ${y2} ${to - 7} ${y2}` },
      svg("title", {}, row.how || "become")));
  };
  columns[0].forEach((row, at) => line(left(0) + wide, left(1), top(0, at) + tall / 2, middle, row, false));
  columns[2].forEach((row, at) => line(left(1) + wide, left(2), middle, top(2, at) + tall / 2, row, row.node === next));
  for (let at = 3; at < columns.length; at += 1) {
    const step = outOf(way[at - 2]).find((row) => row.node === way[at - 1]) || { certain: ways[node].certain };
    line(left(at - 1) + wide, left(at), top(at - 1, 0) + tall / 2, top(at, 0) + tall / 2, step, true);
  }
  const boxes = columns.flatMap((column, at) => column.map((row, line_) => box(row.node, left(at), top(at, line_), wide, tall, at === 1)));
  const rest = more.map((number, at) => number > 0 && svg("text", { class: "soft", x: left(at), y: top(at, columns[at].length) + 14 },
    `and ${counted.format(number)} more, in the table`));
  const head = svg("defs", {}, svg("marker", { id: "head", viewBox: "0 0 8 8", refX: 2, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" },
    svg("path", { class: "head", d: "M0 0 L8 4 L0 8 z" })));
  picture.replaceChildren(svg("svg", { width, height, role: "group", "aria-label": `Who can become whom around ${labelOf(node)}` }, head, edges, boxes, rest));
}

function box(node, x, y, wide, tall, chosen) {
  const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}\u2026` : text);
  const admin = isAdmin(node);
  const classes = [chosen ? "chosen" : "", admin ? "admin" : ""].filter(Boolean).join(" ");
  const go = (event) => { event.preventDefault(); pick(node); };
  return svg("a", { href: "#becoming", class: classes, "aria-label": `${labelOf(node)}, ${sortOf(node)}`, onclick: go },
    svg("title", {}, node), svg("rect", { class: "box", x, y, width: wide, height: tall, rx: 6 }),
    admin && svg("rect", { class: "inner", x: x + 3, y: y + 3, width: wide - 6, height: tall - 6, rx: 4 }),
    svg("text", { x: x + 10, y: y + 19 }, cut(shown(labelOf(node)), 24)),
    svg("text", { class: "soft", x: x + 10, y: y + 35 }, cut(sortOf(node), 28)));
}
