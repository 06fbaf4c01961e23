// What the page does when its node goes: it says so, runs the job again with the same seed, and, when
// a new release has taken over, comes back with everything that was typed. `reconnect.js` tells.
(() => {
  const studio = window.studio;
  const KEPT = "studio-kept";
  const place = (name) => studio.fields.indexOf(name);

  const same = { __type__: "update" };
  const alarm = () =>
    `<div class="status trouble" role="alert" data-step="trouble" data-code="node_gone"><p>` +
    `${studio.both("job_lost")} <button type="button" class="once-more">` +
    `${studio.both("run_again")}</button></p></div>`;

  window.gradioReconnect = {
    again: true,
    // A job that asked for no seed was told one first: what is made again is to be the same.
    amend(body, first) {
      const seed = first?.at(-1);
      if (typeof seed !== "number") return;
      body.data[place("seed")] = seed;
      body.data[place("locked")] = true;
    },
    // Status, result, live sound and seed.
    lost: (body) => (body.data.length === studio.fields.length ? [alarm(), same, same, same] : null),
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest?.(".once-more")) document.querySelector("#generate").click();
  });

  // Gradio knows what the fields hold; it is asked by pressing a button that nobody sees.
  let kept = () => {};
  studio.keep = (...values) => kept(values);
  function keep(pressed) {
    const asked = new Promise((resolve) => (kept = resolve));
    document.querySelector("#keep").click();
    const late = new Promise((resolve) => setTimeout(resolve, 2000));
    return Promise.race([asked, late]).then((values) => {
      if (!values) return;
      const fields = Object.fromEntries(studio.fields.map((name, at) => [name, values[at]]));
      sessionStorage.setItem(KEPT, JSON.stringify({ fields, pressed }));
    });
  }

  let pressed = false;
  studio.restored = (...values) => {
    const found = JSON.parse(sessionStorage.getItem(KEPT) || "null");
    sessionStorage.removeItem(KEPT);
    pressed = Boolean(found?.pressed);
    return studio.fields.map((name, at) => found?.fields[name] ?? values[at]);
  };
  studio.resumed = () => {
    studio.pending("page_renewed");
    if (pressed) document.querySelector("#generate").click();
  };
  // The page's own beginnings have come to an end when the history is there.
  let begun = false;
  studio.whenPresent("#history .outputs, #history .empty", () => {
    if (!begun && sessionStorage.getItem(KEPT)) document.querySelector("#restore").click();
    begun = true;
  });

  const told = { lost: "connection_lost", again: "job_again" };
  document.addEventListener("gradio-reconnect", (event) => {
    const { state } = event.detail;
    if (state === "outdated") {
      event.preventDefault();
      keep(event.detail.pressed).finally(() => location.reload());
    } else {
      studio.pending(told[state], true);
    }
  });
})();
