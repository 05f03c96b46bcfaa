// What only the browser can do: an edit takes the risk off the screen at once, also while it is being typed and
// before the service hears of it; the page says its language; what came of a press gets the focus.
window.readmissionPage ??= (() => {
  const RISK = '[class*="st-key-risk-"]';
  // The risk keeps its place: a page that moves would close the list that somebody is choosing from.
  const HIDE_ALL = `${RISK} { visibility: hidden; } body .st-key-withdrawn { display: block; }`;
  const style = document.head.appendChild(document.createElement("style"));
  const ended = document.head.appendChild(document.createElement("style"));
  const spoken = document.body.appendChild(document.createElement("div"));
  spoken.id = "spoken";
  let said = { chrome: {} };
  let edited = false;
  let outcome = "";
  let aim = "";
  let settled;
  const watcher = new MutationObserver(follow);
  new MutationObserver(translate).observe(document.body, { childList: true, subtree: true });

  spoken.setAttribute("role", "status");
  spoken.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";

  function withdraw() {
    if (!edited && document.querySelector(RISK)) spoken.textContent = said.withdrawn;
    leave();
    edited = true;
    style.textContent = HIDE_ALL;
  }

  // The next result has another name, so that the last one does not show while it is waited for.
  function press() {
    const last = document.querySelector(RISK);
    const name = last && [...last.classList].find((one) => one.startsWith("st-key-risk-"));
    edited = false;
    spoken.textContent = "";
    style.textContent = name ? `.${CSS.escape(name)} { visibility: hidden; }` : "";
  }

  // Focus goes to what the page is about now, as soon as it is there. Streamlit may draw it once more just then, and the
  // focus is lost with the first drawing, so that is watched for a moment; a person who goes on is left alone.
  function follow() {
    const target = document.querySelector(aim);
    if (!target || (settled && document.activeElement !== document.body)) return;
    if (!target.matches("button")) target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.closest('[class*="st-key-"]').scrollIntoView({ block: "nearest" });
    settled ??= setTimeout(leave, 3000);
  }

  function leave() {
    watcher.disconnect();
    clearTimeout(settled);
    settled = undefined;
  }

  function focus(selector) {
    leave();
    aim = selector;
    watcher.observe(document.body, { childList: true, subtree: true });
    follow();
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

  // A session that nobody uses ends here too, so that no patient stays on a screen that lost the form. After a sleep the
  // clock tells; a page that is brought back by "Back" is fetched anew.
  const ENDED = "readmission-ended";
  let until = Infinity;
  function end() {
    if (Date.now() < until) return;
    sessionStorage.setItem(ENDED, "1");
    document.body.replaceChildren();
    location.reload();
  }
  setInterval(end, 1000);
  for (const kind of ["focus", "pageshow", "visibilitychange"]) addEventListener(kind, end, true);
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  function keepTime(seconds) {
    until = seconds === null ? Infinity : Date.now() + seconds * 1000;
    if (seconds !== null) sessionStorage.removeItem(ENDED);
    ended.textContent = sessionStorage.getItem(ENDED) ? "body .st-key-ended { display: block; }" : "";
  }

  const inside = (event, selector) => event.target.closest?.(selector);
  document.addEventListener("input", (event) => inside(event, ".st-key-encounter") && withdraw(), true);
  document.addEventListener("keydown", (event) => {
    const choosing = inside(event, '.st-key-encounter [role="combobox"][aria-expanded="true"]');
    if (choosing && ["Enter", "Tab"].includes(event.key)) withdraw();
  }, true);
  const CHANGES = '[role="option"], .st-key-clear button, .react-aria-ComboBox button:not([aria-haspopup])';
  // A choice may be gone from the page before its click arrives.
  for (const kind of ["pointerup", "click"])
    document.addEventListener(kind, (event) => inside(event, CHANGES) && withdraw(), true);
  document.addEventListener("click", (event) => inside(event, ".st-key-submit button") && press(), true);

  return (now) => {
    const switched = said.language && said.language !== now.language;
    said = now;
    keepTime(now.seconds);
    document.documentElement.lang = now.language;
    translate();
    document.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
    now.refused.forEach((name) =>
      document.querySelector(`.st-key-${CSS.escape(name)} input`)?.setAttribute("aria-invalid", "true"));
    // The button that was pressed is gone: the other language has one of its own.
    if (switched) focus(`[class*="st-key-switch_to_"]:not(.st-key-switch_to_${now.language}) button`);
    if (now.outcome === outcome) return;
    outcome = now.outcome;
    if (outcome && !edited) focus(`.st-key-${CSS.escape(outcome)} :is(h2, [data-testid="stAlertContainer"])`);
  };
})();
