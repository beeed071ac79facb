// What a page does beyond HTML: it remembers a theme, counts ages up and renews
// what changes. Everything can be read and done without it.
"use strict";
(() => {
  const root = document.documentElement;

  // Theme: that of the system until somebody chooses. A browser that keeps
  // nothing forgets the choice.
  const stored = () => { try { return localStorage.getItem("carpd-theme") || ""; } catch { return ""; } };
  const store = (t) => { try { localStorage.setItem("carpd-theme", t); } catch { /* Nothing to do. */ } };
  const themes = ["", "light", "dark"], names = { "": "auto", light: "light", dark: "dark" };
  const dress = (t) => { if (t) root.dataset.theme = t; else delete root.dataset.theme; };
  dress(stored());

  // Ages, with two units at most, as the server says them.
  const two = (n) => String(n).padStart(2, "0");
  const span = (s) => {
    if (s < 10) return Math.max(s, 0).toFixed(1) + " s";
    const n = Math.floor(s);
    if (n < 60) return n + " s";
    if (n < 3600) return Math.floor(n / 60) + "m " + two(n % 60) + "s";
    if (n < 86400) return Math.floor(n / 3600) + "h " + two(Math.floor(n % 3600 / 60)) + "m";
    return Math.floor(n / 86400) + "d " + two(Math.floor(n % 86400 / 3600)) + "h";
  };
  const told = new WeakMap(); // When the server told the age of an element.
  const rebase = (within) => within.querySelectorAll("[data-age]").forEach((e) => told.set(e, performance.now()));
  const count = () => document.querySelectorAll("[data-age]").forEach((e) => {
    if (told.has(e)) say(e, span(Number(e.dataset.age) + (performance.now() - told.get(e)) / 1000));
  });
  const say = (e, text) => { if (e.textContent !== text) e.textContent = text; };

  // morph makes an element like another one and keeps what belongs to the
  // person: focus, what is typed, what is unfolded, and what was refused.
  const morph = (old, now) => {
    if (old.nodeName === "FORM" && old.querySelector(".problem, .fault, :focus")) return;
    attributes(old, now);
    if (old.nodeName !== "TEXTAREA") children(old, now);
  };
  const mine = (e, name) => name === "open" && e.nodeName === "DETAILS" ||
    (name === "value" || name === "checked" || name === "selected") && /^(INPUT|OPTION)$/.test(e.nodeName) && e.type !== "hidden";
  const attributes = (old, now) => {
    for (const a of now.attributes) {
      if (!mine(old, a.name) && old.getAttribute(a.name) !== a.value) old.setAttribute(a.name, a.value);
    }
    for (const a of [...old.attributes]) {
      if (!mine(old, a.name) && !now.hasAttribute(a.name)) old.removeAttribute(a.name);
    }
  };
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");
  // children puts elements with an id where they belong, whatever came or went
  // before them. None is moved that stays in its order: it would lose the focus.
  const children = (old, now) => {
    const stays = new Set([...now.children].map((c) => c.id));
    for (const c of [...old.children]) if (c.id && !stays.has(c.id)) c.remove();
    let at = old.firstChild;
    const drop = () => { const rest = at.nextSibling; at.remove(); at = rest; };
    for (const next of [...now.childNodes]) {
      let found = at;
      if (next.id) {
        found = [...old.children].find((c) => c.id === next.id);
        while (found && at !== found && !at.id) drop();
      }
      if (!found || !alike(found, next)) {
        old.insertBefore(next, at);
        continue;
      }
      if (found !== at) old.insertBefore(found, at); else at = at.nextSibling;
      if (found.nodeType === Node.ELEMENT_NODE) morph(found, next);
      else if (found.data !== next.data) found.data = next.data;
    }
    while (at) drop();
  };

  // renew asks for this page again and brings its live parts up to date.
  const period = 1000, patience = 6000;
  let last = performance.now(), asking = false, again = false, timer = 0, stream = null, left = false;
  const renew = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(document.body.dataset.page, { headers: { "X-Carpd-Live": "1" }, cache: "no-store", signal: AbortSignal.timeout(patience) });
      if (answer.redirected) { show("signed out: load the page again", true); left = true; return; }
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelectorAll("[data-live]").forEach((old) => {
        const now = page.getElementById(old.id);
        if (now) { morph(old, now); rebase(old); }
      });
      last = performance.now();
    } catch { /* The next one may succeed; the indicator tells. */ } finally {
      asking = false;
      if (again) { again = false; soon(); }
    }
  };
  // soon renews once in a period at most, however much happens.
  const soon = () => { if (!timer && !left) timer = setTimeout(() => { timer = 0; renew(); }, period); };

  const show = (text, stale) => {
    const live = document.getElementById("live");
    if (!live || left) return;
    say(live, text);
    live.classList.toggle("stale", stale);
    live.hidden = false;
  };
  const judge = () => {
    const age = performance.now() - last;
    if (age < patience) show("live", false);
    else show("stale: carpd does not answer", true);
  };

  // The stream tells that something changed; what, the page does. Without a
  // stream the page is asked for again and again. A page that nobody sees has
  // none: browsers open only a few connections to one server.
  const follow = () => {
    if (stream) stream.close();
    stream = new EventSource("/api/v1/stream");
    for (const kind of ["message", "status", "event", "events", "transition"]) stream.addEventListener(kind, soon);
  };
  let ticks = 0;
  const tick = () => {
    if (document.hidden || left) return;
    count();
    judge();
    ticks++;
    const streaming = stream && stream.readyState === EventSource.OPEN;
    if (ticks % (streaming ? 5 : 2) === 0) renew();
    if (stream.readyState === EventSource.CLOSED && ticks % 15 === 0) follow();
  };

  const start = () => {
    const button = document.getElementById("theme");
    const label = () => say(button, "Theme: " + names[stored()]);
    label();
    button.hidden = false;
    button.addEventListener("click", () => {
      const next = themes[(themes.indexOf(stored()) + 1) % themes.length];
      store(next);
      dress(next);
      label();
    });
    if (!document.querySelector("[data-live]") || !document.getElementById("live")) return;
    rebase(document);
    follow();
    setInterval(tick, 1000);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) { stream.close(); return; }
      last = performance.now();
      follow();
      renew();
    });
    addEventListener("pagehide", () => stream.close());
    addEventListener("pageshow", (e) => { if (e.persisted) { follow(); renew(); } });
  };
  document.addEventListener("DOMContentLoaded", start);
})();
