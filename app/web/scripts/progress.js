// What happens to a request before it is answered. Gradio tells of the queue in English, in a box
// over the page; here it is read there and said in the reader's language, to screen readers too.
(() => {
  const studio = window.studio;
  let told = "";

  const root = document.documentElement;
  const pane = () => document.querySelector("#pending");

  function show(html) {
    if (pane() && html !== told) pane().innerHTML = html;
    told = html;
  }
  const line = (html) => `<p class="status working"><span class="spinner"></span><span>${html}</span></p>`;

  // A word of it; none clears the place. What stays is shown beside the node's own words.
  let staying = "";
  studio.pending = (key, stays = false) => {
    const html = key ? studio.both(key) : "";
    staying = stays ? html : "";
    show(html && line(html));
    if (key) studio.announce(studio.word(key));
  };
  studio.begin = (...values) => {
    if (root.classList.contains("busy") || studio.mistakes.found(values)) return;
    root.classList.add("busy");
    studio.pending("sending");
    document.querySelector("#speak").click();
  };
  studio.end = () => {
    root.classList.remove("busy");
    studio.pending();
  };
  studio.cancelled = () => {
    studio.end();
    studio.live.stop();
  };

  const place = /queue: (\d+)\/(\d+) \|/;
  const estimate = /\/([\d.]+)s/;
  let lastPlace = "";
  function follow(tracker) {
    const text = tracker.textContent || "";
    const found = place.exec(text);
    if (!found || !root.classList.contains("busy")) return;
    const seconds = estimate.exec(text)?.[1];
    let html = `${studio.both("queued")} · ${studio.both("queue_place", found[1], found[2])}`;
    if (seconds) html += ` · ${studio.both("queue_estimate", Math.ceil(Number(seconds)))}`;
    show(line(staying ? `${staying}<br>${html}` : html));
    if (found[1] !== lastPlace) {
      lastPlace = found[1];
      const spoken = studio.word("queue_place", found[1], found[2]);
      studio.announce(`${studio.word("queued")} ${spoken}`);
    }
  }
  studio.whenPresent("#status [data-testid=status-tracker]", (tracker) => {
    const watch = new MutationObserver(() => follow(tracker));
    watch.observe(tracker, { childList: true, characterData: true, subtree: true });
    follow(tracker);
  });

  // The node has taken the request: its own words replace these. Steps are said once each.
  let step = "";
  function heard(element) {
    const now = element.querySelector(".status")?.dataset.step ?? "";
    if (now && !staying) show("");
    if (now === step) return;
    step = now;
    if (now === "trouble") studio.mistakes.told(element.querySelector(".trouble"));
    if (now && now !== "trouble") studio.announce(studio.word(now));
  }
  studio.whenPresent("#status", (element) => {
    const watch = new MutationObserver(() => heard(element));
    watch.observe(element, { childList: true, characterData: true, attributes: true, subtree: true });
  });

  // What Gradio's client says itself, or the node through it, in English: it has no other words.
  const texts = [
    [/currently busy|queue is full/i, "busy"],
    [/try again in (\d+) s$/, "too_often"],
    [/are running, which is the most$/, "busy"],
    [/connection/i, "connection_lost"],
  ];
  studio.whenPresent("[data-testid=toast-text]", (toast) => {
    const said = toast.textContent.trim();
    const found = texts.find(([pattern]) => pattern.test(said));
    if (!found) return;
    toast.innerHTML = studio.both(found[1], ...found[0].exec(said).slice(1));
    studio.end(); // Nothing was begun, so nothing will tell of an end.
  });
})();
