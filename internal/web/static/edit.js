// What the pages that edit do beyond HTML. Every form works without it: the
// server checks all, and says the same beside the fields.
"use strict";
(() => {
  const by = (id) => document.getElementById(id);

  // A new VIP has the next free VHID of the interface that is chosen, as long as
  // nobody typed another one.
  const carpdev = by("carpdev"), vhid = by("vhid");
  if (carpdev && vhid && "propose" in vhid.dataset) {
    let typed = false;
    vhid.addEventListener("input", () => { typed = true; });
    carpdev.addEventListener("change", () => {
      const free = carpdev.selectedOptions[0].dataset.free;
      if (!typed && free !== "0") vhid.value = free;
    });
  }

  // Both passwords are the same before they are sent; how many bytes count is
  // told while one types.
  const password = by("password"), again = by("password_again"), note = by("password-note");
  if (password && again && note) {
    const check = () => {
      const n = new TextEncoder().encode(password.value).length;
      again.setCustomValidity(password.value === again.value ? "" : "The two passwords are not the same.");
      password.setCustomValidity(n > 128 ? "At most 128 bytes are allowed." : "");
      note.textContent = n > 19 ? "Of these " + n + " bytes the first 19 count." :
        n > 0 && n < 8 ? "Fewer than 8 bytes are easily guessed." : "";
      note.hidden = note.textContent === "";
    };
    password.addEventListener("input", check);
    again.addEventListener("input", check);
  }

  // A field that is wrong inside of a folded part is unfolded.
  document.addEventListener("invalid", (e) => {
    const folded = e.target.closest("details");
    if (folded) folded.open = true;
  }, true);

  // What is wrong is where a reader goes first.
  const faults = by("faults") || by("conflict");
  if (faults) faults.focus();

  // The time to confirm, counted from what the server said was left. A screen
  // reader hears it at a few moments only.
  let until = 0, given = "";
  const spoken = new Set([60, 30, 20, 10, 5]);
  setInterval(() => {
    const left = by("left");
    if (!left) { given = ""; return; }
    const now = performance.now();
    if (left.dataset.left !== given) {
      given = left.dataset.left;
      until = now + Number(given) * 1000;
    }
    const n = Math.max(0, Math.ceil((until - now) / 1000));
    const text = n > 0 ? n + " s" : "no time: it is being taken back";
    if (left.textContent !== text) {
      left.textContent = text;
      if (spoken.has(n)) by("left-said").textContent = n + " seconds left to confirm.";
    }
  }, 250);
})();
