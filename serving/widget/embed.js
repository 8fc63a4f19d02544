/* The chat inside the widget's frame. Talks to /api/v1 of its own host and to the page that holds the frame. */
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const store = `tactful:${data.widget}`;
  const $ = (id) => document.getElementById(id);
  const log = $("log");
  const box = $("box");
  let lang = data.lang;
  let text = data.texts[lang];
  let session = read();
  let running = null;
  let parent_ = null; // origin of the page around us, known once it has spoken

  function read() {
    try {
      return JSON.parse(sessionStorage.getItem(store));
    } catch {
      return null;
    }
  }
  function keep(value) {
    session = value;
    try {
      value ? sessionStorage.setItem(store, JSON.stringify(value)) : sessionStorage.removeItem(store);
    } catch {
      /* storage is refused: the chat lasts as long as the page */
    }
  }
  function make(tag, className, words) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (words) element.textContent = words;
    return element;
  }
  function icon(path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  }
  const LOCK = "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z";
  const UP = "M7 11v9H4v-9zM7 11l4-7c1.5 0 2.5 1 2.5 2.5V10h5.2a1.8 1.8 0 0 1 1.8 2.2l-1.4 6.3a2 2 0 0 1-2 1.5H7";
  const DOWN = "M17 13V4h3v9zM17 13l-4 7c-1.5 0-2.5-1-2.5-2.5V14H5.3a1.8 1.8 0 0 1-1.8-2.2l1.4-6.3a2 2 0 0 1 2-1.5H17";
  const isChinese = (words) => /[\u3400-\u9fff]/.test(words);
  const speaks = (element, words) => element.setAttribute("lang", isChinese(words) ? "zh-CN" : "en");
  const say = (words) => ($("status").textContent = words);
  const tell = (type) => parent !== window && parent.postMessage({ tactful: 1, type }, parent_ || "*");

  function alert_(words) {
    $("alert").textContent = words || "";
    $("alert").hidden = !words;
  }
  function down() {
    log.scrollTop = log.scrollHeight;
  }
  function nearEnd() {
    return log.scrollHeight - log.scrollTop - log.clientHeight < 120;
  }

  /* what one sees */

  function translate() {
    text = data.texts[lang];
    document.documentElement.lang = text.html;
    document.title = text.title;
    $("title").textContent = text.shop;
    $("subtitle").lastElementChild.textContent = text.subtitle;
    $("notice").textContent = text.notice;
    log.setAttribute("aria-label", text.log);
    box.placeholder = text.placeholder;
    box.setAttribute("aria-label", text.placeholder);
    $("menu-button").setAttribute("aria-label", text.menu);
    $("close").setAttribute("aria-label", text.close);
    $("switch").textContent = text.lang;
    $("switch").setAttribute("lang", lang === "zh" ? "en" : "zh-CN");
    $("person").textContent = text.person;
    $("delete").textContent = text.delete;
    $("sure-text").textContent = text.delete_sure;
    $("sure-yes").textContent = text.delete_yes;
    $("sure-no").textContent = text.delete_no;
    busy(Boolean(running));
    greet();
  }
  function greet() {
    const place = $("hello");
    place.textContent = "";
    if (log.querySelector(".mine")) return;
    const turn = make("div", "turn theirs");
    turn.append(make("p", "words", text.hello));
    const quick = make("div", "quick");
    for (const words of text.examples.split("\n")) {
      const button = make("button", "", words);
      button.type = "button";
      button.onclick = () => send(words);
      quick.append(button);
    }
    turn.append(quick);
    place.append(turn);
  }
  function busy(on) {
    document.body.classList.toggle("busy", on);
    log.setAttribute("aria-busy", String(on));
    $("send").setAttribute("aria-label", on ? text.stop : text.send);
  }
  function mine(words) {
    const turn = make("div", "turn mine");
    const bubble = make("p", "words", words);
    speaks(bubble, words);
    turn.append(make("span", "unseen", text.you), bubble);
    log.append(turn);
    const quick = log.querySelector(".quick");
    if (quick) quick.remove();
    down();
    return turn;
  }
  function theirs() {
    const turn = make("div", "turn theirs");
    const bubble = make("p", "words");
    const wait = make("div", "wait");
    wait.append(make("i"), make("i"), make("i"));
    wait.setAttribute("aria-hidden", "true");
    turn.append(make("span", "unseen", text.bot), wait, bubble);
    log.append(turn);
    down();
    return { turn, bubble, wait };
  }
  function hidden(turn, counts) {
    const words = Object.entries(counts)
      .filter(([kind]) => text.kinds[kind])
      .map(([kind, count]) => `${count} ${text.kinds[kind][count === 1 || lang === "zh" ? 0 : 1]}`)
      .join(text.sep);
    if (!words || turn.querySelector(".hid")) return;
    const line = make("p", "hid");
    line.append(icon(LOCK), make("span", "", text.hid + words));
    turn.append(line);
  }
  function products(turn, items) {
    const list = make("ul", "cards");
    for (const item of items) {
      const row = make("li");
      const link = make("a");
      const address = new URL(item.url, location.origin);
      if (address.protocol === "http:" || address.protocol === "https:") link.href = address.href;
      link.target = "_blank";
      link.rel = "noopener";
      link.append(make("b", "", item.name), make("span", "price", item.price), make("small", "", item.stock));
      speaks(link, item.name);
      row.append(link);
      list.append(row);
    }
    turn.append(list);
  }
  function source(turn, item) {
    const line = make("p", "source", `${text.source}: `);
    line.append(make("b", "", item.title));
    turn.append(line);
  }
  function foot(turn, id, value) {
    const row = make("div", "foot");
    row.append(make("span", "", text.mark));
    const buttons = [];
    for (const [name, label, path] of [["up", text.good, UP], ["down", text.bad, DOWN]]) {
      const button = make("button");
      button.type = "button";
      button.setAttribute("aria-label", label);
      button.setAttribute("aria-pressed", String(value === name));
      button.append(icon(path));
      button.onclick = async () => {
        const answer = await call("/feedback", { message_id: id, value: name }).catch(() => null);
        if (!answer?.ok) return;
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
        say(text.thanks);
      };
      buttons.push(button);
      row.append(button);
    }
    turn.append(row);
  }
  function line(words) {
    log.append(make("p", "line", words));
    down();
  }

  /* the network */

  async function begin() {
    if (session) return;
    const answer = await fetch("/api/v1/sessions", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": text.html },
      body: JSON.stringify({ lang, widget_id: data.widget }),
    });
    if (!answer.ok) throw await problem(answer);
    const made = await answer.json();
    keep({ id: made.session_id, token: made.token });
  }
  async function call(path, body, more = {}) {
    const answer = await fetch(`/api/v1/sessions/${session.id}${path}`, {
      method: body === undefined ? "GET" : "POST",
      body: body === undefined ? undefined : JSON.stringify(body),
      ...more,
      headers: {
        Authorization: `Bearer ${session.token}`,
        "Accept-Language": text.html,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...more.headers,
      },
    });
    const fresh = answer.headers.get("session-token");
    if (fresh) keep({ ...session, token: fresh });
    return answer;
  }
  async function problem(answer) {
    const body = await answer.json().catch(() => ({}));
    const error = new Error("problem");
    error.code = body.code;
    error.detail = body.detail;
    error.status = answer.status;
    return error;
  }
  async function* events(stream) {
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value.replaceAll("\r", "");
      let end;
      while ((end = rest.indexOf("\n\n")) >= 0) {
        const block = rest.slice(0, end);
        rest = rest.slice(end + 2);
        const name = /^event: ?(.*)$/m.exec(block);
        const body = [...block.matchAll(/^data: ?(.*)$/gm)].map((found) => found[1]).join("\n");
        if (name && body) yield { name: name[1], data: JSON.parse(body) };
      }
    }
  }

  /* one turn */

  async function send(words) {
    if (running || !words.trim()) return;
    if ([...words].length > data.max) {
      alert_(text.too_long.replace("{n}", [...words].length - data.max));
      return;
    }
    alert_("");
    const asked = mine(words);
    const shown = theirs();
    if (box.value === words) box.value = "";
    grow();
    running = new AbortController();
    busy(true);
    say(text.answering);
    try {
      await begin();
      const answer = await call("/messages", { text: words, stream: true }, {
        signal: running.signal,
        headers: { Accept: "text/event-stream", "Idempotency-Key": crypto.randomUUID ? crypto.randomUUID() : String(Math.random()) },
      });
      if (!answer.ok) throw await problem(answer);
      await follow(answer.body, asked, shown);
    } catch (error) {
      failed(error, words, asked, shown);
    } finally {
      shown.wait.remove();
      running = null;
      busy(false);
    }
  }
  async function follow(stream, asked, { turn, bubble, wait }) {
    let ended = false;
    for await (const event of events(stream)) {
      const stick = nearEnd();
      const body = event.data;
      if (event.name === "guard.notice") hidden(asked, body.entity_counts);
      else if (event.name === "message.delta") {
        wait.remove();
        bubble.append(body.text);
        speaks(bubble, bubble.textContent);
      } else if (event.name === "products") products(turn, body.items);
      else if (event.name === "message.citation") source(turn, body);
      else if (event.name === "handoff") line(text.handed);
      else if (event.name === "message.done") {
        ended = true;
        foot(turn, body.message_id, null);
        say(bubble.textContent);
        tell("answer");
      } else if (event.name === "error") throw Object.assign(new Error("problem"), body);
      if (stick) down();
    }
    if (!ended) throw new Error("broken");
  }
  function failed(error, words, asked, { turn, bubble }) {
    if (error.name === "AbortError") {
      line(text.stopped);
      say(text.stopped);
      return;
    }
    if (bubble.textContent) {
      alert_(text.broken);
      return;
    }
    turn.remove();
    asked.remove();
    if (!box.value) box.value = words;
    grow();
    if (["token_expired", "token_invalid", "session_not_found"].includes(error.code)) {
      keep(null);
      alert_(text.expired);
    } else alert_(error.detail || text.offline);
    greet();
  }
  async function restore() {
    if (!session) return;
    try {
      const answer = await call("/messages?limit=100");
      if (!answer.ok) throw await problem(answer);
      const { data: rows } = await answer.json();
      for (const row of rows) {
        if (row.role === "user") {
          mine(row.text);
          continue;
        }
        const asked = log.querySelector(".turn.mine:last-of-type");
        const { turn, bubble, wait } = theirs();
        wait.remove();
        bubble.textContent = row.text;
        speaks(bubble, row.text);
        const all = log.querySelectorAll(".turn.mine");
        if (all.length) hidden(all[all.length - 1], row.hidden);
        else if (asked) hidden(asked, row.hidden);
        if (row.products.length) products(turn, row.products);
        for (const item of row.sources) source(turn, item);
        foot(turn, row.id, row.feedback);
      }
      greet();
      down();
    } catch (error) {
      if (error.status === 401 || error.status === 404) keep(null);
    }
  }

  /* the hands */

  function grow() {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 132)}px`;
  }
  function menu(open) {
    $("menu").hidden = !open;
    $("menu-button").setAttribute("aria-expanded", String(open));
    if (open) $("menu").querySelector("button").focus();
  }
  function clear() {
    for (const element of log.querySelectorAll(".turn, .line")) element.remove();
    keep(null);
    alert_("");
    greet();
  }
  function submit() {
    if (running) running.abort();
    else send(box.value);
  }
  $("form").onsubmit = (event) => {
    event.preventDefault();
    submit();
  };
  box.oninput = () => {
    grow();
    const over = [...box.value].length - data.max;
    alert_(over > 0 ? text.too_long.replace("{n}", over) : "");
  };
  box.onkeydown = (event) => {
    /* Enter that ends an input method's composition chooses a word; it sends nothing */
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (!running) submit();
  };
  document.onkeydown = (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    if (!$("menu").hidden) {
      menu(false);
      $("menu-button").focus();
    } else if (!$("sure").open) tell("close");
  };
  $("close").onclick = () => tell("close");
  $("close").hidden = parent === window;
  $("menu-button").onclick = () => menu($("menu").hidden);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#menu, #menu-button")) menu(false);
  });
  $("switch").onclick = () => {
    lang = lang === "zh" ? "en" : "zh";
    menu(false);
    translate();
    box.focus();
  };
  $("person").onclick = () => {
    menu(false);
    send(text.person);
  };
  $("delete").onclick = () => {
    menu(false);
    $("sure").showModal();
  };
  $("sure-no").onclick = () => $("sure").close();
  $("sure-yes").onclick = async () => {
    $("sure").close();
    if (running) running.abort();
    const gone = !session || (await call("", undefined, { method: "DELETE" }).catch(() => null));
    if (gone !== true && !gone?.ok && gone?.status !== 404 && gone?.status !== 401) {
      alert_(text.offline);
      return;
    }
    clear();
    line(text.deleted);
    say(text.deleted);
    box.focus();
  };
  addEventListener("message", (event) => {
    const body = event.data;
    if (event.source !== parent || body?.tactful !== 1) return;
    parent_ = event.origin;
    if (body.type === "lang" && data.texts[body.lang] && body.lang !== lang && !log.querySelector(".mine")) {
      lang = body.lang;
      translate();
    } else if (body.type === "focus") box.focus();
    else if (body.type === "reset") clear();
  });

  translate();
  restore();
  tell("ready");
  if (parent === window) box.focus();
})();
