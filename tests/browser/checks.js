// What keeps people out of a page, of what a program can find: names, roles, order, labels, tables and contrast.
() => {
  const wrong = [];
  const say = (node, text) => wrong.push(`${text}: ${node.outerHTML.slice(0, 120)}`);
  const open = document.querySelector("dialog[open]");
  const root = open || document.body;
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const all = (selector) => [...root.querySelectorAll(selector)].filter(seen);
  const ROLES = new Set(["status", "note", "region", "search", "group", "img",
    "table", "rowgroup", "row", "columnheader", "rowheader", "cell"]);

  if (!document.documentElement.lang) wrong.push("no lang");
  if (!document.title) wrong.push("no title");
  for (const tag of ["main", "nav", "header", "h1"]) {
    if (document.querySelectorAll(tag).length !== 1) wrong.push(`not one ${tag}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids.filter((each, at) => ids.indexOf(each) !== at))) wrong.push(`id twice: ${id}`);
  for (const node of all("[aria-labelledby], [aria-describedby]")) {
    for (const id of (node.getAttribute("aria-labelledby") || node.getAttribute("aria-describedby")).split(" ")) {
      if (!document.getElementById(id)) say(node, `labelled by what is nowhere: ${id}`);
    }
  }
  for (const node of all("[role]")) if (!ROLES.has(node.getAttribute("role"))) say(node, `unknown role ${node.getAttribute("role")}`);
  for (const node of all("[aria-sort]")) {
    if (!["none", "ascending", "descending"].includes(node.getAttribute("aria-sort"))) say(node, "bad aria-sort");
  }
  for (const node of all("[tabindex]")) if (node.tabIndex > 0) say(node, "tabindex changes the order");

  let level = open ? 1 : 0;
  for (const node of all("h1, h2, h3, h4, h5, h6")) {
    const own = Number(node.tagName[1]);
    if (own > level + 1) say(node, `heading skips from ${level} to ${own}`);
    if (!node.textContent.trim()) say(node, "empty heading");
    level = own;
  }
  for (const node of all("input, select, textarea")) {
    if (![...(node.labels || [])].some((label) => label.textContent.trim()) && !node.ariaLabel) say(node, "field has no label");
  }
  for (const node of all("button, a[href], summary")) {
    if (!(node.getAttribute("aria-label") || node.textContent).trim()) say(node, "control has no name");
    const box = node.getBoundingClientRect();
    if (node.tagName !== "A" && (box.height < 20 || box.width < 12)) say(node, `control of ${box.width} by ${box.height}`);
  }
  for (const node of all("a[href^='#']")) {
    const to = node.getAttribute("href").slice(1);
    if (to && !document.getElementById(to)) say(node, "leads nowhere");
  }
  for (const node of all("svg[role]")) if (!node.getAttribute("aria-label")) say(node, "picture has no name");
  for (const node of all("table")) {
    if (!node.caption || !node.caption.textContent.trim()) say(node, "table has no caption");
    for (const head of node.querySelectorAll("th")) {
      if (!["col", "row"].includes(head.getAttribute("scope"))) say(head, "table head has no scope");
    }
  }
  for (const node of all(".scroll")) {
    if (node.scrollWidth > node.clientWidth + 1 && node.tabIndex !== 0) say(node, "scrolls, but not by keyboard");
  }

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channels = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => {
    const [red, green, blue] = colour.map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || !seen(node) || node.closest("script, style, svg, option, button:disabled")) continue;
    const [one, other] = [light(channels(getComputedStyle(node).color).slice(0, 3)), light(ground(node))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) say(node, `contrast of ${ratio.toFixed(2)}`);
  }
  for (const node of all("svg text")) {
    const box = node.parentElement.querySelector("rect.box");
    const under = box ? channels(getComputedStyle(box).fill).slice(0, 3) : ground(node.closest("svg").parentElement);
    const [one, other] = [light(channels(getComputedStyle(node).fill).slice(0, 3)), light(under)];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) say(node, `contrast of ${ratio.toFixed(2)}`);
  }
  return wrong;
}
