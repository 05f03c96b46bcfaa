// What only the browser can do: an edit takes the risk off the screen at once, also while it is being typed and
// before the service hears of it; the page says its language; what came of a press gets the focus.
window.readmissionPage ??= (() => {
  const RISK = '[class*="st-key-risk-"]';
  const HIDE_ALL = `${RISK} { display: none; } body .st-key-withdrawn { display: block; }`;
  const style = document.head.appendChild(document.createElement("style"));
  const spoken = document.body.appendChild(document.createElement("div"));
  let said = { chrome: {} };
  let edited = false;
  let focused = "";
  const watcher = new MutationObserver(follow);
  new MutationObserver(translate).observe(document.body, { childList: true, subtree: true });

  spoken.setAttribute("role", "status");
  spoken.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";

  function withdraw() {
    if (document.querySelector(RISK)?.offsetParent) spoken.textContent = said.withdrawn;
    edited = true;
    style.textContent = HIDE_ALL;
  }

  // The next result has another name, so that the last one does not show while it is waited for.
  function press() {
    const last = document.querySelector(RISK);
    const name = last && [...last.classList].find((one) => one.startsWith("st-key-risk-"));
    edited = false;
    spoken.textContent = "";
    style.textContent = name ? `.${CSS.escape(name)} { display: none; }` : "";
  }

  function follow() {
    const target = document.querySelector(`.st-key-${CSS.escape(said.focus)} :is(h2, [role="alert"])`);
    if (!target) return;
    watcher.disconnect();
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.closest('[class*="st-key-"]').scrollIntoView({ block: "nearest" });
  }

  // Streamlit's own words: names of buttons, and two texts.
  function translate() {
    for (const button of document.querySelectorAll("button[aria-label]")) {
      const label = button.getAttribute("aria-label");
      const [, help, rest] = label.match(/^(Help for )(.*)$/s) ?? [];
      if (said.chrome[help ?? label]) button.setAttribute("aria-label", said.chrome[help ?? label] + (rest ?? ""));
    }
    for (const { firstChild } of document.querySelectorAll('a[href^="#"], [role="option"] > span')) {
      if (said.chrome[firstChild?.data]) firstChild.data = said.chrome[firstChild.data];
    }
  }

  const inside = (event, selector) => event.target.closest?.(selector);
  document.addEventListener("input", (event) => inside(event, ".st-key-encounter") && withdraw(), true);
  document.addEventListener("keydown", (event) => {
    const choosing = inside(event, '.st-key-encounter [role="combobox"][aria-expanded="true"]');
    if (choosing && ["Enter", "Tab"].includes(event.key)) withdraw();
  }, true);
  document.addEventListener("click", (event) => {
    if (inside(event, ".st-key-submit button")) press();
    else if (inside(event, '[role="option"], .st-key-clear button, .react-aria-ComboBox button:not([aria-haspopup])')) withdraw();
  }, true);

  return (now) => {
    said = now;
    document.documentElement.lang = now.language;
    translate();
    document.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
    now.refused.forEach((name) =>
      document.querySelector(`.st-key-${CSS.escape(name)} input`)?.setAttribute("aria-invalid", "true"));
    if (now.focus === focused) return;
    focused = now.focus;
    watcher.disconnect();
    if (!now.focus || edited) return;
    watcher.observe(document.body, { childList: true, subtree: true });
    follow();
  };
})();
