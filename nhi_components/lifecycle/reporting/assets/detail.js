// Everything that is known of one identity, in a panel of its own.
const panel = section("detail");
let opener = null;
panel.addEventListener("close", () => {
  if (location.hash.startsWith("#identity=")) history.replaceState(null, "", "#inventory");
  if (opener && opener.isConnected) opener.focus();
});

const grantsOf = bare((told.holders || {}).grants);
const carriersOf = bare((told.holders || {}).carriers);
function heldBy(key) {
  // Follows carriers to carriers, each once, by the shortest way.
  const rows = [];
  const seen = new Set([key]);
  let left = [[key, []]];
  while (left.length) {
    const next = [];
    for (const [holder, through] of left) {
      for (const grant of list(grantsOf[holder])) rows.push({ ...grant, through });
      for (const each of list(carriersOf[holder])) {
        if (seen.has(each.carrier)) continue;
        seen.add(each.carrier);
        next.push([each.carrier, [...through, each.carrier]]);
      }
    }
    left = next;
  }
  return rows;
}

function evidenceAbout(each) {
  const rows = [];
  for (const statement of list((told.evidence || {}).statements)) {
    if (each.lease && statement.lease === each.lease) {
      rows.push({ at: statement.at, what: statement.kind, file: statement.file, detail: `lease ${statement.lease}` });
    }
    for (const event of list(statement.events)) {
      if (event.key === each.key) {
        const detail = [event.outcome, event.actor ? `by ${event.actor}` : "", event.reason].filter(Boolean).join(", ");
        rows.push({ at: event.at, what: event.type, file: statement.file, detail });
      }
    }
  }
  return rows;
}

function plain(caption, columns, rows, empty) {
  const made = Object.entries(columns).map(([label, cell]) => ({ label, cell: (row) => cell(row) || "" }));
  return table({ caption, columns: made, rows, empty, size: 25 }).element;
}

function facts(each) {
  const rows = [
    ["Key", code(each.key)],
    ["Unique id", each.uniqueId ? code(each.uniqueId) : "none"],
    ["Where", `${each.system}, ${each.place}`],
    ["Kind", each.kind],
    ["Lease", each.lease ? code(each.lease) : "none: not made with this library, or its mark is gone"],
    ["Created", each.createdAt ? `${minute(each.createdAt)} UTC` : "not told by its system"],
    ["Found", `${minute(each.foundAt)} UTC`],
    ["Gone", each.goneAt ? `${minute(each.goneAt)} UTC` : null],
    ["Last used", each.lastUsedAt || each.useWatchedSince ? lastUsed(each) : "not told by its system"],
    ["Uses watched since", each.useWatchedSince ? day(each.useWatchedSince) : "never: that it is unused cannot be told"],
    ["State", each.judgement === "gone" ? "gone" : each.disabled ? "disabled" : "usable"],
    ["Guard", each.guard],
  ];
  return el("dl", {}, rows.filter(([, value]) => value).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function saidOf(each) {
  const rows = list(each.owners).map((own) => {
    const presence = { present: "still there", left: `has left ${day(own.since)}`.trim(), unknown: "in no directory that was read" };
    return { what: "owner", value: own.value, source: own.source, more: presence[own.presence] };
  });
  for (const [subject, all] of Object.entries(each.said || {})) {
    if (subject !== "owner") for (const one of all) rows.push({ what: subject, ...one });
  }
  for (const by of list(each.declaredBy)) {
    const more = [by.repository, by.commit].filter(Boolean).join(" ");
    rows.push({ what: "declared by", value: `${by.manager} ${by.where}`, source: by.address, more });
  }
  return rows;
}

function judgementOf(each) {
  return {
    "found-later": "It was found after the verdicts were judged: that none stands says nothing. Run `nhi verdicts`.",
    "service-linked": "A service of the cloud makes it for itself; it is not judged.",
    gone: "It is gone; verdicts are those of before.",
  }[each.judgement];
}

function openDetail(each) {
  opener = document.activeElement;
  const verdicts = list(each.verdicts);
  const note = judgementOf(each);
  const way = ways[each.key];
  const parts = [
    el("div", { class: "bar-top" },
      el("div", {}, el("h2", { id: "detail-title", tabindex: "-1" }, el("bdi", {}, each.name || each.key)), risk(each)),
      el("button", { type: "button", class: "plain", onclick: () => panel.close() }, "Close")),
    el("h3", {}, "What is wrong"),
    note ? el("p", { class: "limit" }, note) : "",
    plain("Verdicts with their reasons; cleared ones last", {
      Verdict: (one) => badge([one.verdict, one.degree].filter(Boolean).join(" "), one.clearedAt ? "" : tone(one.points * 2)),
      Points: (one) => (one.clearedAt ? "cleared" : `+${one.points || 0}`),
      Reason: (one) => el("bdi", {}, one.reason),
      OWASP: (one) => list(one.owasp).map((risk_) => badge(risk_)),
      Since: (one) => el("span", { class: "when" }, day(one.since), one.clearedAt ? under(`to ${day(one.clearedAt)}`) : ""),
    }, verdicts, each.judgement === "judged" ? "nothing was found." : "nothing is known."),
    way ? el("p", {}, link("Show its way to an administrator", () => { panel.close(); pick(each.key); reveal("becoming"); })) : "",
    el("h3", {}, "Known"), facts(each),
    el("h3", {}, "Said of it, and by whom"),
    plain("Owners stand in the order in which they count", { What: (one) => one.what, Value: (one) => el("bdi", {}, one.value),
      "Who says so": (one) => el("bdi", {}, one.source), More: (one) => one.more }, saidOf(each), "nobody says anything."),
    el("h3", {}, "Credentials"),
    plain("Public ids; values are never read", {
      Id: (one) => code(one.id), Kind: (one) => one.kind,
      Made: (one) => (one.createdAt ? `${day(one.createdAt)} (${many(daysSince(one.createdAt), "day", "days")})` : "not told"),
      Ends: (one) => (one.expiresAt ? day(one.expiresAt) : "never"), "Last used": lastUsed,
      State: (one) => (one.disabled ? "disabled" : "usable"),
    }, list(each.credentials), "none was seen."),
    el("h3", {}, "May do"),
    plain("Privileges, itself and through what it has", {
      Privilege: (one) => [one.denied ? badge("denied") : "", code(one.privilege)], On: (one) => code(one.target),
      Condition: (one) => (one.condition ? code(one.condition) : ""),
      Through: (one) => [...one.through, one.through.includes(one.via) ? "" : one.via].filter(Boolean).join(" > "),
    }, heldBy(each.key), "none was seen."),
    el("h3", {}, "Ways in"),
    plain("Who may become it, as its system writes it", { Who: (one) => code(one.from), How: (one) => one.how,
      Condition: (one) => (one.condition ? code(one.condition) : "") }, list(each.waysIn), "none was seen."),
    el("h3", {}, "What depends on it"),
    plain("Dependents", { Name: (one) => code(one.name), Kind: (one) => one.kind }, list(each.dependents), "nothing was seen."),
    el("h3", {}, "Evidence"),
    plain("Statements about its lease, and events about it", { When: (one) => minute(one.at), What: (one) => one.what,
      More: (one) => one.detail, File: (one) => code(one.file) }, evidenceAbout(each), "none is about it."),
    el("h3", {}, "Changes"),
    plain("What scans found changed", { When: (one) => minute(one.at), What: (one) => one.what,
      Before: (one) => one.before, After: (one) => one.after }, list(each.changes), "none was seen."),
  ];
  panel.replaceChildren();
  put(panel, parts);
  if (!panel.open) panel.showModal();
  panel.scrollTop = 0;
  section("detail-title").focus();
  history.replaceState(null, "", `#identity=${encodeURIComponent(each.key)}`);
}
