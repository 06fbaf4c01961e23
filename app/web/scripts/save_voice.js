// A recording that was found good becomes a voice with a name.
(() => {
  const studio = window.studio;
  const dialog = () => document.querySelector("#save-dialog");
  const box = (name) => document.querySelector(`#save-${name}`);

  function note(text, trouble = false) {
    box("note").textContent = text;
    box("note").classList.toggle("trouble", trouble);
    box("name").setAttribute("aria-invalid", String(trouble));
  }
  function open() {
    const words = document.querySelector("#transcript textarea");
    box("name").value = "";
    box("words").value = words?.checkVisibility() ? words.value : "";
    for (const option of dialog().querySelectorAll("option")) {
      const name = option.dataset[studio.language() === "en" ? "en" : "zh"];
      option.textContent = name ?? studio.word("voice_language_none");
    }
    note("");
    dialog().showModal();
    box("name").focus();
  }
  async function save() {
    const name = box("name").value.trim();
    if (!name) {
      note(studio.word("need_name"), true);
      box("name").focus();
      return;
    }
    note(studio.word("voice_saving"));
    const clip = document.querySelector("#reference-verdict .player").dataset.source;
    try {
      const body = new FormData();
      body.set("name", name);
      body.set("transcript", box("words").value);
      body.set("language", box("language")?.value ?? "");
      body.set("audio_sample", await (await studio.request(clip)).blob(), "voice.wav");
      await studio.request("v1/audio/voices", { method: "POST", body });
    } catch (error) {
      note(error.message, true);
      return;
    }
    dialog().close();
    studio.offerVoices();
    const told = document.querySelector("#reference .clip-note");
    told.textContent = studio.word("voice_save_done", name);
    studio.announce(told.textContent);
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest?.(".clip-save")) open();
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.closest?.("#save-dialog")) return;
    event.preventDefault();
    save();
  });
})();
