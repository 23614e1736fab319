// What evidence there is, and what it and the verdicts say of the controls of frameworks.
const proof = told.evidence || {};
const statements = list(proof.statements);
const shownKind = { element: null, show: null };

const SOUND = {
  none: ["No evidence was found where it was looked for. That proves nothing, neither way.", "medium"],
  sound: ["Verified: every signature, every chain and every teardown's completeness hold.", "low"],
  flawed: ["Not verified: something is wrong with the evidence. What is shown are the statements that can be trusted one by one.", "high"],
};

function drawEvidence() {
  const [text, tone_] = SOUND[proof.soundness];
  const kinds = new Map();
  for (const each of statements) kinds.set(each.kind, (kinds.get(each.kind) || 0) + 1);
  const all = table({
    caption: "Statements, newest first",
    columns: [
      { label: "Recorded (UTC)", by: (each) => each.at, cell: (each) => minute(each.at), class: "when" },
      { label: "Kind", by: (each) => each.kind, cell: (each) => badge(each.kind) },
      { label: "About", cell: about },
      { label: "Signed by", by: (each) => each.signer, cell: (each) => (each.signer === "local" ? "a key file of the machine" : each.signer) },
      { label: "File and SHA-256", cell: (each) => [code(each.file), under(each.sha256)] },
    ],
    rows: [...statements].reverse(),
    sort: { index: 0, falls: true },
    empty: "none is like that.",
  });
  const supports = (each, kind) => each.kind === kind || (kind.startsWith("audit/") && (each.counts || {})[kind.slice(6)]);
  const events = [...new Set(statements.flatMap((each) => Object.keys(each.counts || {}).map((type) => `audit/${type}`)))].sort();
  const pickKind = el("select", { onchange: (event) => shownKind.show(event.target.value) }, el("option", { value: "" }, "all"),
    [...kinds.keys()].sort().concat(events).map((value) => el("option", { value }, value)));
  shownKind.show = (kind) => {
    pickKind.value = kind;
    all.show([...statements].reverse().filter((each) => !kind || supports(each, kind)));
  };
  const ended = table({
    caption: "What evidence says last of each lease, newest first",
    columns: [
      { label: "Lease", cell: (row) => [code(row.lease), under(`${row.identity} (${row.environment})`)] },
      { label: "State", cell: (row) => badge(row.state, row.state.startsWith("still alive") ? "high" : "") },
      { label: "Recorded (UTC)", cell: (row) => minute(row.at), class: "when" },
      { label: "Not checked", cell: (row) => list(row.unchecked).map((each) => el("div", {}, each)) },
    ],
    rows: [...list(proof.leases)].reverse(),
    empty: "none is about a lease.",
  });
  put(section("evidence"), [
    el("p", {}, badge({ none: "none", sound: "sound", flawed: "not sound" }[proof.soundness], tone_), " ", text),
    proof.refused ? el("p", {}, `${many(proof.refused, "file is", "files are")} no statement that can be trusted, and not shown.`) : "",
    list(proof.problems).length ? el("ul", {}, list(proof.problems).map((each) => el("li", {}, each))) : "",
    list(proof.notes).length ? [el("h3", {}, "What limits it"), el("ul", {}, list(proof.notes).map((each) => el("li", {}, each)))] : "",
    kinds.size ? el("ul", { class: "tiles" }, [...kinds].sort().map(([kind, number]) =>
      el("li", {}, el("strong", {}, counted.format(number)), link(kind, () => shownKind.show(kind))))) : "",
    el("h3", {}, "Leases"), ended.element,
    el("h3", { id: "statements" }, "Statements"), el("div", { class: "filters" }, el("label", {}, "Kind or event", pickKind)), all.element,
  ]);
}
function about(each) {
  if (!each.lease) return countsOf(each);
  const owner_ = living.find((one) => one.lease === each.lease);
  const name = `${each.identity} (${each.environment})`;
  return [owner_ ? link(name, () => openDetail(owner_)) : name, under(`${each.lease}, ${many(each.links || 0, "resource", "resources")}`)];
}

function stateOf(control) {
  const against = list(control.violatedBy);
  if (control.state === "violated") {
    const test = (each) => has(each, against);
    return [badge("violated", "high"), " by ", link(many(control.violating, "identity", "identities"),
      () => choose(`${control.id}: ${against.join(", ")}`, test))];
  }
  if (control.state === "not-checked") return badge("not checked", "dashed");
  return [badge("no violation found"), under(`among ${counted.format(control.checked)} of ${counted.format(control.of)} of which enough is known`)];
}

function drawCompliance() {
  const each = (framework, index) => {
    const controls = list(framework.controls);
    const violated = controls.filter((one) => one.state === "violated").length;
    const unchecked = controls.filter((one) => one.state === "not-checked").length;
    const rows = table({
      caption: `${framework.name}, ${framework.edition}: controls that non-human identities fall under`,
      columns: [
        { label: "Control", cell: (one) => [el("strong", {}, one.id), under(one.title)] },
        { label: "What it asks for, in our words", cell: (one) => one.about },
        { label: "State", cell: stateOf },
        { label: "Judged by", cell: (one) => list(one.violatedBy).map((verdict) => badge(verdict)) },
        { label: "Evidence", cell: (one) => Object.entries(one.evidence || {}).map(([kind, number]) => el("div", {}, number
          ? link(`${counted.format(number)} ${kind}`, () => { shownKind.show(kind); section("statements").scrollIntoView(); })
          : el("span", { class: "soft" }, `no ${kind}`))) },
        { label: "Commands", cell: (one) => list(one.commands).map((command) => el("div", {}, code(command))) },
      ],
      rows: controls,
      size: 25,
    });
    return el("details", { open: index === 0 },
      el("summary", {}, el("h3", {}, `${framework.name} (${framework.edition})`), " ",
        violated ? badge(`${violated} violated`, "high") : "", unchecked ? badge(`${unchecked} not checked`, "dashed") : "",
        badge(`${controls.length - violated - unchecked} without a violation found`)),
      el("p", {}, "Its own text: ", el("a", { href: framework.source, rel: "noreferrer noopener" }, framework.source)), rows.element);
  };
  put(section("compliance"), [
    el("p", {}, "What speaks against controls among what was seen and judged, and what evidence there is. That a framework is " +
      "complied with is for auditors to say: controls ask for more than can be seen here."),
    list(told.compliance).map(each),
  ]);
}
