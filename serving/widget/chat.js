/* Small things around the chat page: its language, and input methods. */
(() => {
  "use strict";
  const asked = new URLSearchParams(location.search).get("lang");
  let lang = (asked || sessionStorage.getItem("tactful-lang") || navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
  const html = () => (document.documentElement.lang = lang === "zh" ? "zh-CN" : "en");
  window.tactfulLang = () => lang;
  window.tactfulSpeak = (now) => {
    lang = now;
    sessionStorage.setItem("tactful-lang", now);
    html();
  };
  html();
  addEventListener("load", html);
  /* Enter that ends an input method's composition chooses a word; it must not reach the box and send */
  const composing = (event) => {
    if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.stopImmediatePropagation();
  };
  for (const name of ["keydown", "keypress"]) addEventListener(name, composing, true);
})();
