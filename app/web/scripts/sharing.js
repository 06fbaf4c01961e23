// What is copied of an output: its address, or the request that makes it again.
(() => {
  const studio = window.studio;

  // Without HTTPS there is no clipboard for scripts, but there is the one of the keyboard.
  function copyOld(text) {
    const area = document.createElement("textarea");
    const before = document.activeElement;
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    before?.focus();
    return done;
  }
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyOld(text);
    }
  }
  const makers = {
    link: (place) => new URL(place.dataset.source, document.baseURI).href,
    curl: (place) => studio.asCurl(JSON.parse(place.dataset.record)),
    python: (place) => studio.asPython(JSON.parse(place.dataset.record)),
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const text = makers[button.dataset.copy](button.closest("[data-record]"));
    const done = await copy(text);
    const key = done ? "copied" : "copy_failed";
    studio.announce(studio.word(key), done ? "polite" : "assertive");
    const before = button.innerHTML;
    button.innerHTML = studio.both(key);
    button.disabled = true;
    setTimeout(() => {
      button.innerHTML = before;
      button.disabled = false;
    }, 1500);
  });
})();
