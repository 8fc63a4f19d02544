/* The shop's chat button. One script tag, no dependency, nothing is sent or stored before the first open.
   <script async src="https://HOST/widget/v1/widget.js" data-widget-id="demo" data-lang="auto"></script>
   window.Tactful: open close toggle show hide setLang reset on(event, fn); events: ready open close unread. */
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || customElements.get("shop-assistant")) return;
  const host = new URL(script.src).origin;
  const TEXT = {
    en: { open: "Chat with the shop", close: "Close the chat", frame: "Chat with the shop" },
    zh: { open: "联系在线客服", close: "关闭客服窗口", frame: "在线客服" },
  };
  const CSS = `
:host{all:initial;position:fixed;z-index:2147483000;right:max(20px,env(safe-area-inset-right));bottom:max(20px,env(safe-area-inset-bottom));font-family:system-ui,sans-serif;color-scheme:light dark}
:host([hidden]){display:none}
button{all:unset;box-sizing:border-box;width:60px;height:60px;border-radius:50%;cursor:pointer;display:grid;place-items:center;color:#fff;background:#b8430e;box-shadow:0 6px 22px rgb(60 24 4/.32),0 1px 3px rgb(60 24 4/.3);transition:transform .18s,background .18s}
button:hover{background:#9a360a;transform:translateY(-2px)}
button:focus-visible{outline:3px solid #fff;box-shadow:0 0 0 6px #b8430e}
svg{width:28px;height:28px;fill:none;stroke:currentColor;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round}
.x,[aria-expanded=true] .c{display:none}[aria-expanded=true] .x{display:block}
.dot{position:absolute;top:2px;right:2px;width:14px;height:14px;border-radius:50%;background:#0f766e;border:2px solid #fff;display:none}
.unread .dot{display:block}
.panel{position:absolute;right:0;bottom:76px;width:400px;height:min(660px,calc(100vh - 120px));border-radius:20px;overflow:hidden;background:Canvas;box-shadow:0 18px 60px rgb(40 20 8/.28),0 2px 8px rgb(40 20 8/.14);transform-origin:bottom right;animation:in .2s ease-out}
.panel[hidden]{display:none}
iframe{width:100%;height:100%;border:0;display:block}
@keyframes in{from{opacity:0;transform:translateY(10px) scale(.98)}}
@media (max-width:480px){.panel{position:fixed;inset:0;width:auto;height:auto;border-radius:0}.full button{display:none}}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}`;
  const ICONS =
    '<svg class="c" viewBox="0 0 24 24" aria-hidden="true"><path d="M21 11.5a8 8 0 0 1-8.5 7.5 9.6 9.6 0 0 1-3.4-.6L4 20l1.4-4A7 7 0 0 1 4 11.5 8 8 0 0 1 12.5 4 8 8 0 0 1 21 11.5z"/><path d="M8.5 11.5h.01M12.5 11.5h.01M16.5 11.5h.01"/></svg>' +
    '<svg class="x" viewBox="0 0 24 24" aria-hidden="true"><path d="m6 9 6 6 6-6"/></svg>';

  class ShopAssistant extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" });
      const style = new CSSStyleSheet();
      style.replaceSync(CSS);
      root.adoptedStyleSheets = [style];
      root.innerHTML =
        '<div class="box"><div class="panel" id="panel" role="dialog" hidden></div>' +
        `<button type="button" aria-haspopup="dialog" aria-expanded="false" aria-controls="panel">${ICONS}<span class="dot"></span></button></div>`;
      this.box = root.querySelector(".box");
      this.panel = root.querySelector(".panel");
      this.button = root.querySelector("button");
      this.listeners = {};
      this.button.onclick = () => this.toggle();
      root.addEventListener("keydown", (e) => e.key === "Escape" && this.close());
      addEventListener("message", (e) => this.heard(e));
      this.setLang(script.dataset.lang || "auto");
    }
    setLang(lang) {
      const page = document.documentElement.lang || navigator.language || "en";
      this.tongue = (lang === "auto" ? page : lang).toLowerCase().startsWith("zh") ? "zh" : "en";
      const text = TEXT[this.tongue];
      this.setAttribute("lang", this.tongue === "zh" ? "zh-CN" : "en");
      this.panel.setAttribute("aria-label", text.frame);
      if (this.frame) this.frame.title = text.frame;
      this.label();
      this.tell("lang", { lang: this.tongue });
    }
    label() {
      const text = TEXT[this.tongue];
      this.button.setAttribute("aria-label", this.panel.hidden ? text.open : text.close);
      this.button.setAttribute("aria-expanded", String(!this.panel.hidden));
      this.box.classList.toggle("full", !this.panel.hidden);
    }
    open() {
      if (!this.frame) {
        const frame = (this.frame = document.createElement("iframe"));
        frame.title = TEXT[this.tongue].frame;
        frame.referrerPolicy = "strict-origin";
        if (host !== location.origin) frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms allow-popups");
        frame.src = `${host}/embed/${encodeURIComponent(script.dataset.widgetId || "demo")}?lang=${this.tongue}`;
        this.panel.append(frame);
      }
      this.panel.hidden = false;
      this.box.classList.remove("unread");
      this.label();
      this.tell("focus");
      this.emit("open");
    }
    close() {
      if (this.panel.hidden) return;
      this.panel.hidden = true;
      this.label();
      this.button.focus();
      this.emit("close");
    }
    toggle() {
      this.panel.hidden ? this.open() : this.close();
    }
    show() {
      this.hidden = false;
    }
    hide() {
      this.hidden = true;
    }
    reset() {
      this.tell("reset");
    }
    on(name, fn) {
      (this.listeners[name] ||= []).push(fn);
    }
    emit(name) {
      for (const fn of this.listeners[name] || []) fn();
    }
    tell(type, data) {
      if (this.ready) this.frame.contentWindow.postMessage({ tactful: 1, type, ...data }, host);
    }
    heard(event) {
      const data = event.data;
      if (!this.frame || event.source !== this.frame.contentWindow || event.origin !== host || data?.tactful !== 1) return;
      if (data.type === "ready") {
        this.ready = true;
        this.tell("lang", { lang: this.tongue });
        if (!this.panel.hidden) this.tell("focus");
        this.emit("ready");
      } else if (data.type === "close") this.close();
      else if (data.type === "answer" && this.panel.hidden) {
        this.box.classList.add("unread");
        this.emit("unread");
      }
    }
  }
  customElements.define("shop-assistant", ShopAssistant);
  const start = () => {
    const element = document.querySelector("shop-assistant") || document.createElement("shop-assistant");
    if (!element.isConnected) document.body.append(element);
    window.Tactful = element;
    dispatchEvent(new Event("tactful:ready"));
    /* pages that swap their body without loading anew keep the button */
    for (const name of ["turbo:load", "astro:page-load"])
      document.addEventListener(name, () => element.isConnected || document.body.append(element));
  };
  document.body ? start() : addEventListener("DOMContentLoaded", start);
})();
