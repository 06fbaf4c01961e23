// A sentence to begin with is written into the text, and read by a voice of its language.
(() => {
  const studio = window.studio;
  let chosen = null;

  studio.connectExamples = (element, trigger) => {
    element.addEventListener("click", (event) => {
      const button = event.target.closest(".example");
      if (!button) return;
      const readers = JSON.parse(button.closest("[data-readers]").dataset.readers);
      chosen = { text: button.innerText, voices: readers[studio.language()] };
      trigger("select");
    });
  };
  // Gradio knows which voice is chosen. Where that one reads the sentence, it stays.
  studio.example = (voice) => {
    const { text, voices } = chosen;
    const area = document.querySelector("#text textarea");
    area.focus();
    const keeps = !voices.length || voices.includes(voice);
    return [text, keeps ? voice : voices[0]];
  };
})();
