// Ages as bars in tables, and what happened when.
function bars(caption, first, rows) {
  const most = Math.max(1, ...rows.map((row) => row.size));
  const line = (row) => {
    const bar = el("span", {});
    bar.style.width = `${(100 * row.size) / most}%`;
    bar.hidden = !row.size;
    const label = row.size ? link(row.label, () => choose(`${caption}: ${row.label}`, row.test)) : row.label;
    return el("tr", {}, el("th", { scope: "row" }, label), el("td", { class: "number" }, counted.format(row.size)),
      el("td", { class: "bar" }, bar));
  };
  return el("div", { class: "scroll" }, el("table", { class: "bars" }, el("caption", {}, caption),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, first), el("th", { scope: "col", class: "number" }, "How many"),
      el("th", { scope: "col" }, "In proportion"))),
    el("tbody", {}, rows.map(line))));
}

function steps(bounds) {
  const rows = [];
  let from = 0;
  for (const to of [...bounds, Infinity]) {
    const low = from;
    const label = to === Infinity ? `${low} days or more` : low ? `${low} to ${to - 1} days` : `less than ${to} days`;
    rows.push({ label, fits: (days) => days !== null && days >= low && days < to });
    from = to;
  }
  return rows;
}

function drawAges() {
  const keys = (each) => (each.judgement === "gone" ? [] : list(each.credentials).filter((key) => !key.disabled));
  const age = (key) => (key.createdAt ? daysSince(key.createdAt) : null);
  const all = living.flatMap(keys);
  const unknown = { label: "age not told by its system", fits: (days) => days === null };
  const ofKeys = [...steps([...new Set([30, ...list(told.oldCredentialDays)])].sort((a, b) => a - b)), unknown].map((row) => ({
    label: row.label,
    size: all.filter((key) => row.fits(age(key))).length,
    test: (each) => keys(each).some((key) => row.fits(age(key))),
  }));
  const used = (each) => (each.lastUsedAt ? daysSince(each.lastUsedAt) : null);
  const there = (each) => each.judgement !== "gone";
  const ofUses = [
    ...steps(list(told.unusedDays)).map((row) => ({ label: row.label, test: (each) => there(each) && row.fits(used(each)) })),
    { label: "never, as far as was watched", test: (each) => there(each) && !each.lastUsedAt && Boolean(each.useWatchedSince) },
    { label: "uses not told by its system", test: (each) => there(each) && !each.lastUsedAt && !each.useWatchedSince },
  ].map((row) => ({ ...row, size: living.filter(row.test).length }));
  put(section("ages"), [
    el("p", { class: "soft" }, `Counted to ${minute(told.asOf)} UTC. Choose a row to see whom it is about.`),
    el("div", { class: "halves" },
      el("div", {}, el("h3", {}, "Credentials"), bars("Usable credentials by days since they were made or rotated", "Age", ofKeys)),
      el("div", {}, el("h3", {}, "Uses"), bars("Identities by days since their last use", "Unused for", ofUses))),
  ]);
}

const HAPPENED = {
  found: "identities found",
  gone: "identities gone",
  wrong: "verdicts found",
  cleared: "verdicts cleared",
  evidence: "evidence recorded",
};
function happenings() {
  const rows = [];
  for (const each of identities) {
    rows.push({ at: each.foundAt, kind: "found", each, text: each.kind });
    if (each.goneAt) rows.push({ at: each.goneAt, kind: "gone", each, text: each.kind });
    for (const one of list(each.verdicts)) {
      const named = [one.verdict, one.degree].filter(Boolean).join(" ");
      rows.push({ at: one.since, kind: "wrong", each, text: named });
      if (one.clearedAt) rows.push({ at: one.clearedAt, kind: "cleared", each, text: named });
    }
  }
  for (const statement of list((told.evidence || {}).statements)) {
    const about = statement.lease ? `${statement.identity}, lease ${statement.lease}` : countsOf(statement);
    rows.push({ at: statement.at, kind: "evidence", text: `${statement.kind}: ${about}` });
  }
  return rows.sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0));
}
function countsOf(statement) {
  return Object.entries(statement.counts || {}).map(([type, number]) => `${number} ${type}`).join(", ");
}

function drawTimeline() {
  const rows = happenings();
  const host = el("div", { class: "scroll" });
  const events = table({
    caption: "What happened, newest first",
    columns: [
      { label: "When (UTC)", cell: (row) => minute(row.at), class: "when" },
      { label: "What", cell: (row) => badge(HAPPENED[row.kind]) },
      { label: "About", cell: (row) => (row.each ? link(row.each.name || row.each.key, () => openDetail(row.each)) : "") },
      { label: "More", cell: (row) => row.text },
    ],
    rows,
    empty: "nothing of that kind.",
  });
  const kinds = el("select", { onchange: (event) => events.show(rows.filter((row) => !event.target.value || row.kind === event.target.value)) },
    el("option", { value: "" }, "everything"), Object.entries(HAPPENED).map(([value, text]) => el("option", { value }, text)));
  put(section("timeline"), [host, el("h3", {}, "Events"), el("div", { class: "filters" }, el("label", {}, "Show", kinds)), events.element]);
  const redraw = () => drawRows(host, rows);
  new ResizeObserver(redraw).observe(host);
  redraw();
}

function drawRows(host, rows) {
  host.replaceChildren();
  if (!rows.length) return;
  const width = Math.max(320, host.clientWidth);
  const [left, height, gap] = [150, 34, 14];
  const times = rows.map((row) => Date.parse(row.at));
  const [start, end] = [times[times.length - 1], Math.max(asOf, times[0])];
  const number = Math.max(6, Math.min(60, Math.floor((width - left) / 14)));
  const span = Math.max(DAY * number, end - start + 1);
  const zero = end - span + 1;
  const wide = (width - left) / number;
  const lines = Object.entries(HAPPENED).map(([kind, label], line) => {
    const sums = new Array(number).fill(0);
    rows.forEach((row, at) => {
      if (row.kind === kind) sums[Math.min(number - 1, Math.floor(((times[at] - zero) / span) * number))] += 1;
    });
    const most = Math.max(1, ...sums);
    const foot = line * (height + gap) + height + 4;
    const whole = sums.reduce((sum, one) => sum + one, 0);
    const columns = sums.map((sum, at) => {
      const tall = sum ? Math.max(3, (height * sum) / most) : 0;
      const from = new Date(zero + (span * at) / number).toISOString().slice(0, 10);
      return sum && svg("rect", { class: "bar", x: left + at * wide + 1, y: foot - tall, width: wide - 2, height: tall, rx: 2 },
        svg("title", {}, `from ${from}: ${many(sum, "event", "events")}`));
    });
    return svg("g", {}, svg("text", { x: 0, y: foot - 16 }, label),
      svg("text", { x: 0, y: foot - 1, class: "soft" }, `${counted.format(whole)}, at most ${counted.format(most)} at once`),
      svg("line", { class: "rule", x1: left, x2: width, y1: foot + 0.5, y2: foot + 0.5 }), columns);
  });
  const bottom = lines.length * (height + gap) + 16;
  const date = (time) => new Date(time).toISOString().slice(0, 10);
  host.append(svg("svg", { width, height: bottom + 6, role: "img", "aria-label": "What happened when; the table below has each event" }, lines,
    svg("text", { x: left, y: bottom, class: "soft" }, date(zero)),
    svg("text", { x: width, y: bottom, class: "soft", "text-anchor": "end" }, date(end))));
}
