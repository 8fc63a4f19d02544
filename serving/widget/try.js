/* The try-out page: sends the text to /api/v1/redact of this host and shows what the guard found. Keeps nothing. */
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const text = data.texts;
  const $ = (id) => document.getElementById(id);
  const box = $("text");
  let asked = 0; // number of the check under way: a later one, or a changed text, makes an earlier answer void
  let busy = false;

  const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const number = (n) => n.toLocaleString(data.lang);
  const points = (words) => Array.from(words);
  function make(tag, className, words) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (words !== undefined) element.textContent = words;
    return element;
  }
  function complain(title, detail) {
    $("alert").textContent = "";
    if (title && detail) $("alert").append(make("b", "", title));
    $("alert").append(detail || title || "");
    $("alert").hidden = !title;
  }
  function lengths() {
    const n = points(box.value).length;
    return { n: number(n), max: number(data.max), over: number(n - data.max), tooLong: n > data.max };
  }
  function count() {
    const values = lengths();
    $("count").textContent = fill(values.tooLong ? text.too_long : text.count, values);
    $("count").classList.toggle("over-long", values.tooLong);
    box.setAttribute("aria-invalid", values.tooLong);
  }
  function forget() {
    asked += 1;
    working(false);
    $("result").hidden = true;
    $("result").textContent = "";
    $("ready").hidden = false;
    $("heading").textContent = text.result;
    $("status").textContent = "";
    complain("");
    count();
  }
  function working(on) {
    busy = on;
    $("check").setAttribute("aria-disabled", on);
    $("check").textContent = on ? text.checking : text.check;
  }

  async function check() {
    if (busy) return;
    complain("");
    const values = lengths();
    if (!box.value.trim()) return complain(text.write_first);
    if (values.tooLong) return complain(fill(text.too_long_alert, values));
    const sent = box.value;
    const mine = ++asked;
    working(true);
    let answer, body;
    try {
      answer = await fetch("/api/v1/redact", {
        method: "POST",
        cache: "no-store",
        referrerPolicy: "no-referrer",
        headers: { "Content-Type": "application/json", "Accept-Language": data.lang },
        body: JSON.stringify({ text: sent }),
      });
      body = await answer.json();
    } catch {
      if (mine === asked) complain(answer ? text.odd : text.away);
      return;
    } finally {
      if (mine === asked) working(false);
    }
    if (mine !== asked) return;
    if (!answer.ok) return complain(body.title || text.odd, body.detail);
    show(sent, body);
  }

  function show(sent, body) {
    const n = body.findings.length;
    const heading = n === 0 ? text.none : n === 1 ? text.found_one : fill(text.found, { n: number(n) });
    const into = $("result");
    into.textContent = "";
    if (n === 0) into.append(make("p", "soft", text.none_more));
    into.append(make("h3", "", text.written), written(points(sent), body.findings));
    into.append(make("h3", "", text.read), read(body.concealed));
    if (body.concealed.match(HANDLE)?.length > n) into.append(make("p", "soft", text.extra));
    if (n) into.append(make("h3", "", text.list), table(points(sent), body));
    $("ready").hidden = true;
    into.hidden = false;
    $("heading").textContent = heading;
    const kinds = [...new Set(body.findings.map((finding) => kind(finding)))];
    $("status").textContent = n ? `${heading}: ${kinds.join(text.sep)}` : heading;
    $("heading").scrollIntoView({ block: "nearest" });
  }
  const kind = (finding) => data.kinds[finding.kind] || finding.kind;
  const HANDLE = /<[A-Z]+_\d+>[\ufe00-\ufe0f]*/g;

  function written(chars, findings) {
    const line = make("p", "text");
    let at = 0;
    findings.forEach((finding, place) => {
      line.append(chars.slice(at, finding.start).join(""));
      const mark = make("mark", "", chars.slice(finding.start, finding.end).join(""));
      mark.append(" ", make("span", "tag", `${place + 1} ${kind(finding)}`));
      line.append(mark);
      at = finding.end;
    });
    line.append(chars.slice(at).join(""));
    return line;
  }
  function read(concealed) {
    const line = make("p", "text");
    let at = 0;
    for (const match of concealed.matchAll(HANDLE)) {
      line.append(concealed.slice(at, match.index), make("code", "", match[0]));
      at = match.index + match[0].length;
    }
    line.append(concealed.slice(at));
    return line;
  }
  function table(chars, body) {
    const element = make("table");
    element.setAttribute("role", "table"); // as blocks on a narrow screen it would lose its role
    const columns = ["no", "kind", "value", "handle", "sure", "rule"];
    const head = make("tr");
    head.setAttribute("role", "row");
    for (const column of columns) {
      const cell = make("th", "", text[column]);
      cell.scope = "col";
      cell.setAttribute("role", "columnheader");
      head.append(cell);
    }
    element.append(make("thead"), make("tbody"));
    element.tHead.append(head);
    body.findings.forEach((finding, place) => {
      const cells = {
        no: String(place + 1),
        kind: kind(finding),
        value: chars.slice(finding.start, finding.end).join(""),
        handle: make("code", "", body.handles[place]),
        sure: score(finding.score),
        rule: rule(finding.rule),
      };
      const row = make("tr");
      row.setAttribute("role", "row");
      for (const column of columns) {
        const cell = make("td", column === "value" ? "value" : "");
        cell.setAttribute("role", "cell");
        cell.dataset.label = text[column];
        const holder = make("div");
        holder.append(cells[column]);
        cell.append(holder);
        row.append(cell);
      }
      element.tBodies[0].append(row);
    });
    return element;
  }
  function rule(name) {
    const element = make("span", "rule");
    for (const part of name.split(/(?<=[._])/)) element.append(part, make("wbr"));
    return element;
  }
  function score(value) {
    const words = value >= 0.85 ? text.sure_high : value >= 0.6 ? text.sure_mid : text.sure_low;
    const element = make("span", "", `${words} `);
    element.append(make("span", "score", `(${value.toLocaleString(data.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 })})`));
    const meter = make("span", "meter");
    meter.setAttribute("aria-hidden", "true");
    meter.append(make("i", `w${Math.max(4, Math.min(10, Math.floor(value * 10 + 1e-9)))}`));
    element.append(meter);
    return element;
  }

  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    check();
  });
  box.addEventListener("input", forget);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    check();
  });
  $("clear").addEventListener("click", () => {
    box.value = "";
    forget();
    box.focus();
  });
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-example]");
    if (!chosen) return;
    box.value = data.examples[Number(chosen.dataset.example)];
    forget();
    check();
  });
  count();
})();
