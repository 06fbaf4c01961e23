// The reader's language: what was chosen before, else the browser's. Runs before Gradio starts.
(() => {
  const studio = window.studio;
  const CHINESE = "zh-CN";
  const ENGLISH = "en";

  function remembered() {
    try {
      return localStorage.getItem("language");
    } catch {
      return null; // Storage is forbidden: the browser's language it is, on every visit.
    }
  }

  function wanted() {
    const known = (tag) => (/^zh\b/i.test(tag) ? CHINESE : /^en\b/i.test(tag) ? ENGLISH : null);
    const asked = [remembered(), ...(navigator.languages || [navigator.language])];
    return asked.map((tag) => known(tag || "")).find(Boolean) || ENGLISH;
  }

  // Gradio asks the browser once, knows zh-CN but not zh, and would take zh-HK for English.
  const first = wanted();
  Object.defineProperty(navigator, "language", { get: () => first, configurable: true });
  Object.defineProperty(navigator, "languages", { get: () => [first], configurable: true });

  studio.language = () => document.documentElement.lang;

  // A word in the present language, and as HTML in both.
  const pick = (key) => studio.words[key][studio.language() === ENGLISH ? 1 : 0];
  const fill = (text, values) => text.replace(/\{(\d)\}/g, (_, index) => values[index]);
  studio.word = (key, ...values) => fill(pick(key), values);
  studio.both = (key, ...values) =>
    [CHINESE, ENGLISH]
      .map((tag, index) => {
        const text = fill(studio.words[key][index], values);
        return `<span class="t" lang="${tag}">${text}</span>`;
      })
      .join("");

  function show(tag) {
    document.documentElement.lang = tag;
    document.title = studio.word("title");
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === tag));
    }
    document.dispatchEvent(new Event("studio:language"));
  }

  async function change(tag) {
    try {
      localStorage.setItem("language", tag);
    } catch {
      // It is not remembered, but it is shown.
    }
    try {
      const gradio = await import(new URL(studio.localeModule, document.baseURI));
      gradio.changeLocale(tag);
    } catch {
      location.reload(); // Gradio's own texts follow at least after a reload.
      return;
    }
    show(tag);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-language]");
    if (button) change(button.dataset.language);
  });
  document.documentElement.lang = first;
  document.title = studio.word("title");
  studio.whenPresent("[data-language]", () => show(studio.language()));
})();
