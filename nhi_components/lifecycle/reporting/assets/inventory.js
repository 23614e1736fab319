// The summary, and the inventory that can be searched, filtered and sorted.
const MEANS = new Map(list(told.verdicts).map((each) => [each.verdict, each]));
const search = { text: "", system: "", kind: "", verdict: "", risk: "", state: "there", chosen: null };
for (const each of identities) {
  each.hay = [each.name, each.key, each.uniqueId, each.place, each.kind, each.lease,
    ...list(each.owners).map((own) => own.value), ...list(each.declaredBy).map((by) => by.where)]
    .filter(Boolean).join("\n").toLowerCase();
}
const STATES = {
  there: ["there", (each) => each.judgement !== "gone"],
  usable: ["usable", (each) => each.judgement !== "gone" && !each.disabled],
  disabled: ["disabled", (each) => each.judgement !== "gone" && each.disabled],
  gone: ["gone", (each) => each.judgement === "gone"],
  all: ["there and gone", () => true],
};
const RISKS = {
  high: [`high (${HIGH} or more)`, (each) => each.score >= HIGH],
  medium: [`medium or high (${MEDIUM} or more)`, (each) => each.score >= MEDIUM],
  some: ["any verdict", (each) => standing(each).length > 0],
  none: ["judged, nothing found", (each) => each.judgement === "judged" && !standing(each).length],
  unjudged: ["not judged", (each) => ["found-later", "service-linked"].includes(each.judgement)],
};

function nameOf(each) {
  return [link(each.name || each.key, () => openDetail(each)), each.name === each.key ? "" : under(each.key)];
}
function verdictsOf(each) {
  return standing(each).map((one) => badge([one.verdict, one.degree].filter(Boolean).join(" "), tone(one.points * 2)));
}
function owner(each) {
  const [first] = list(each.owners);
  if (!first) return el("span", { class: "soft" }, "nobody said");
  const left = { left: "has left", unknown: "in no directory" }[first.presence];
  return [el("bdi", {}, first.value), left ? under(left) : ""];
}

const found = table({
  caption: "Identities; choose a name for all that is known of it",
  columns: [
    { label: "Name", by: (each) => (each.name || each.key).toLowerCase(), cell: nameOf, class: "names" },
    { label: "Risk", by: (each) => (each.score === undefined ? null : each.score), falls: true, cell: risk },
    { label: "System", by: (each) => `${each.system} ${each.place}`, cell: (each) => [each.system, under(each.place)],
      class: "some" },
    { label: "Kind", by: (each) => each.kind, cell: (each) => each.kind },
    { label: "Owner", by: (each) => (list(each.owners)[0] ? each.owners[0].value.toLowerCase() : null), cell: owner,
      class: "some" },
    { label: "Verdicts", by: (each) => standing(each).length, falls: true, cell: verdictsOf },
    { label: "Last used", by: (each) => each.lastUsedAt, cell: lastUsed, class: "when" },
    { label: "Keys", by: (each) => each.usableCredentials || 0, falls: true, class: "number",
      cell: (each) => String(each.usableCredentials || 0) },
  ],
  size: 25,
  sort: { index: 1, falls: true },
  empty: "none is like that. Clear the search, or a filter.",
});

function sought() {
  const words = search.text.toLowerCase().split(/\s+/).filter(Boolean);
  return identities.filter((each) =>
    STATES[search.state][1](each) &&
    (!search.system || each.system === search.system) &&
    (!search.kind || each.kind === search.kind) &&
    (!search.verdict || has(each, [search.verdict])) &&
    (!search.risk || RISKS[search.risk][1](each)) &&
    (!search.chosen || search.chosen.test(each)) &&
    words.every((word) => each.hay.includes(word)));
}
const result = el("p", { role: "status", "aria-live": "polite", id: "result" });
const chip = el("p", { class: "chosen" });
function refresh() {
  const rows = sought();
  found.show(rows);
  result.textContent = `${counted.format(rows.length)} of ${many(living.length, "identity", "identities")}`;
  chip.replaceChildren();
  chip.hidden = !search.chosen;
  if (search.chosen) put(chip, [`Only: ${search.chosen.label}`, el("button", { type: "button", onclick: clear }, "Show all")]);
}
const fields = {};
function select(label, name, options) {
  const choices = options.map(([value, text]) => el("option", { value }, text));
  fields[name] = el("select", { name, onchange: (event) => { search[name] = event.target.value; refresh(); } }, choices);
  return el("label", {}, label, fields[name]);
}
function clear() {
  Object.assign(search, { text: "", system: "", kind: "", verdict: "", risk: "", state: "there", chosen: null });
  for (const [name, field] of Object.entries(fields)) field.value = search[name];
  refresh();
}
// Shows what another part of the page is about, in the inventory.
function choose(label, test) {
  clear();
  search.chosen = { label, test };
  refresh();
  reveal("inventory");
  result.tabIndex = -1;
  result.focus({ preventScroll: true });
}
const values = (of) => [...new Set(living.map(of))].sort().map((each) => [each, each]);
const pairs = (from) => Object.entries(from).map(([value, [text]]) => [value, text]);

function drawInventory() {
  fields.text = el("input", { type: "search", name: "text", autocomplete: "off", spellcheck: "false",
    oninput: (event) => { search.text = event.target.value; refresh(); } });
  const form = el("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
    el("label", { class: "grow" }, "Search name, key, owner, place, stack", fields.text),
    select("System", "system", [["", "all"], ...values((each) => each.system)]),
    select("Kind", "kind", [["", "all"], ...values((each) => each.kind)]),
    select("Verdict", "verdict", [["", "any or none"], ...[...MEANS.keys()].map((each) => [each, each])]),
    select("Risk", "risk", [["", "any"], ...pairs(RISKS)]),
    select("State", "state", pairs(STATES)),
    el("button", { type: "button", onclick: clear }, "Clear"));
  put(section("inventory"), [form, chip, result, found.element]);
  refresh();
}

function drawSummary() {
  const judged = living.filter((each) => each.judgement === "judged");
  const tests = [
    ["identities", (each) => each.judgement !== "gone"],
    [`at high risk, ${HIGH} or more`, (each) => each.score >= HIGH],
    ["administrator, or as good as one", (each) => has(each, ["over-privileged"]) && isAdmin(each.key)],
    ["can become an administrator", (each) => Boolean(ways[each.key]) && ways[each.key].hops > 0],
    ["nobody answers for", (each) => has(each, ["shadow", "unowned", "orphaned"])],
    ["not judged", (each) => ["found-later", "service-linked"].includes(each.judgement)],
  ];
  const tile = ([label, test]) => el("li", {}, el("strong", {}, counted.format(living.filter(test).length)),
    link(label, () => choose(label, (each) => each.judgement !== "gone" && test(each))));
  const top = judged.filter((each) => each.score > 0).sort((one, other) => other.score - one.score).slice(0, 10);
  const highest = table({
    caption: "The ten identities with the highest risk scores",
    columns: [
      { label: "Name", cell: nameOf, class: "names" },
      { label: "Risk", cell: risk },
      { label: "Why", cell: (each) => verdictsOf(each) },
    ],
    rows: top,
    empty: judged.length ? "nothing was found among what was judged." : "nothing was judged.",
  });
  const bySystem = table({
    caption: "By system",
    columns: [
      { label: "System", cell: (row) => link(row.name, () => choose(row.name, row.test)) },
      { label: "Identities", class: "number", cell: (row) => counted.format(row.all.length) },
      { label: "High risk", class: "number", cell: (row) => counted.format(row.all.filter((each) => each.score >= HIGH).length) },
      { label: "With verdicts", class: "number", cell: (row) => counted.format(row.all.filter((each) => standing(each).length).length) },
      { label: "Sections not seen", class: "number", cell: (row) => (row.unseen ? badge(row.unseen, "medium") : "0") },
    ],
    rows: systems(),
    size: 25,
  });
  const byVerdict = table({
    caption: "By verdict; what is known of how many decides how much a 0 is worth",
    columns: [
      { label: "Verdict", cell: (row) => [link(row.verdict, () => choose(row.verdict, (each) => has(each, [row.verdict]))),
        under(`an identity that ${row.meaning}`)] },
      { label: "OWASP", cell: (row) => list(row.owasp).map((each) => badge(each)) },
      { label: "Identities", class: "number", cell: (row) => counted.format(living.filter((each) => has(each, [row.verdict])).length) },
      { label: "Known of", class: "number", cell: (row) => `${counted.format(row.checked || 0)} of ${counted.format(living.length)}` },
    ],
    rows: list(told.verdicts),
    size: 25,
  });
  put(section("summary"), [
    el("ul", { class: "tiles" }, tests.map(tile)),
    el("div", { class: "halves" },
      el("div", {}, el("h3", {}, "Highest risks"), highest.element, el("h3", {}, "Systems"), bySystem.element),
      el("div", {}, el("h3", {}, "Verdicts"), byVerdict.element)),
  ]);
}
function systems() {
  const unseen = told.scan ? list(told.scan.unseen) : [];
  const names = new Set([...living.map((each) => each.system), ...unseen.map((each) => each.source.split("/")[0])]);
  return [...names].sort().map((name) => {
    const test = (each) => each.judgement !== "gone" && each.system === name;
    return { name, test, all: living.filter(test), unseen: unseen.filter((each) => each.source.split("/")[0] === name).length };
  });
}
