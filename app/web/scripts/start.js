// Helpers of the scripts after this one.
(() => {
  const studio = window.studio;

  // Gradio draws the page late and again: what is done to a part is done whenever it appears.
  const watched = [];
  function look() {
    for (const item of watched) {
      for (const element of document.querySelectorAll(item.selector)) {
        if (item.seen.has(element)) continue;
        item.seen.add(element);
        item.act(element);
      }
    }
  }
  studio.whenPresent = (selector, act) => {
    watched.push({ selector, act, seen: new WeakSet() });
    look();
  };
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });

  // Read by screen readers, seen by nobody.
  const voices = {};
  studio.announce = (text, urgency = "polite") => {
    if (!voices[urgency]) {
      voices[urgency] = document.createElement("div");
      voices[urgency].className = "unseen";
      voices[urgency].setAttribute("aria-live", urgency);
      document.body.append(voices[urgency]);
    }
    voices[urgency].textContent = text;
  };
})();
