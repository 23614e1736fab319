// What the report does not know, the theme, and the order in which it is drawn.
function drawLimits() {
  const scan = told.scan;
  const later = living.filter((each) => each.judgement === "found-later").length;
  const host = section("limits");
  const limit = (...children) => put(host, [el("div", { class: "limit", role: "note" }, children)]);
  if (!scan) limit("No full scan was made: what is shown is what partial ones have read.");
  else if (!scan.endedAt) limit(`The full scan of ${minute(scan.startedAt)} UTC has not ended: what it has not read is not told. Run \`nhi discover\` again.`);
  if (scan && list(scan.unseen).length) {
    limit(el("strong", {}, `${many(scan.unseen.length, "section was", "sections were")} not seen`), " by the last full scan; nothing is known of what is there.",
      el("details", {}, el("summary", {}, "Which, and why"), el("ul", {}, scan.unseen.map((each) =>
        el("li", {}, `${each.source} ${each.section}: ${each.reason || "not read yet"}`)))));
  }
  if (told.outdated) {
    limit(`The inventory was read again after the verdicts were judged on ${minute(told.judgedAt)} UTC` +
      (later ? `: ${many(later, "identity is", "identities are")} not judged yet.` : ".") + " Run `nhi verdicts`, and then `nhi report`.");
  }
  const scanned = scan ? `scanned ${minute(scan.startedAt)}${scan.complete ? ", all of it seen" : ", not all of it seen"}` : "no full scan";
  const age = Math.floor((Date.now() - asOf) / DAY);
  put(section("moment"), [`As of ${minute(told.asOf)} UTC${age > 0 ? ` (${many(age, "day", "days")} ago)` : ""} \u00b7 ${scanned} \u00b7 judged ${minute(told.judgedAt)}`]);
  put(section("foot"), [`Written by ${told.tool}, form ${told.schema}. This page asks no network and keeps nothing. What is not shown was not seen, which does not make it absent.`]);
}

const THEMES = { "": "as the system", light: "light", dark: "dark" };
function setTheme(to) {
  if (to) document.documentElement.dataset.theme = to;
  else delete document.documentElement.dataset.theme;
  section("theme").textContent = `Theme: ${THEMES[to]}`;
}
section("theme").addEventListener("click", () => {
  const order = Object.keys(THEMES);
  setTheme(order[(order.indexOf(document.documentElement.dataset.theme || "") + 1) % order.length]);
});

function follow() {
  if (!location.hash.startsWith("#identity=")) return;
  const each = byKey.get(decodeURIComponent(location.hash.slice("#identity=".length)));
  if (each) openDetail(each);
}
window.addEventListener("hashchange", follow);

const here = new IntersectionObserver((seen) => {
  for (const entry of seen) {
    const anchor = document.querySelector(`nav a[href="#${entry.target.id}"]`);
    if (entry.isIntersecting) anchor.setAttribute("aria-current", "true");
    else anchor.removeAttribute("aria-current");
  }
}, { rootMargin: "-25% 0px -70% 0px" });

drawLimits();
drawSummary();
drawInventory();
drawAges();
drawTimeline();
drawBecoming();
drawEvidence();
drawCompliance();
document.querySelectorAll("main > section").forEach((each) => here.observe(each));
follow();
