// All voices in a list: searched, heard, chosen; saved ones are renamed and deleted here. It is the
// API's list, so what may be seen, renamed and deleted is what the API allows to this reader.
(() => {
  const studio = window.studio;
  const ADDRESS = "v1/audio/voices";
  const SAMPLES = {
    zh: "你好，很高兴认识你。",
    en: "Hello, it is a pleasure to meet you.",
    ja: "こんにちは、お会いできてうれしいです。",
    ko: "안녕하세요, 만나서 반갑습니다.",
    de: "Guten Tag, es freut mich.",
    fr: "Bonjour, ravi de faire votre connaissance.",
    es: "Hola, encantado de conocerle.",
    it: "Buongiorno, piacere di conoscerla.",
    pt: "Olá, é um prazer conhecê-lo.",
    ru: "Здравствуйте, очень приятно.",
  };
  const OTHER = "1, 2, 3, 4, 5."; // Read in any language.
  let voices = [];
  let asking = ""; // The voice whose deletion has not been confirmed yet.
  let renaming = ""; // The voice that is given another name.
  let preparing = "";
  const samples = new Map();

  const dialog = () => document.querySelector("#voices-dialog");
  const isEnglish = () => studio.language() === "en";
  const nameOf = (voice) => (isEnglish() ? voice.name : voice.name_zh);

  // What went wrong, in the reader's language, where the node has told it.
  studio.request = async (address, options) => {
    let answer;
    try {
      answer = await fetch(address, options);
    } catch {
      throw new Error(studio.word("no_answer"));
    }
    if (answer.ok) return answer;
    const { error } = await answer.json().catch(() => ({}));
    throw new Error((!isEnglish() && error?.message_zh) || error?.message || studio.word("no_answer"));
  };

  function languageOf(voice) {
    if (!voice.language) return "";
    try {
      return new Intl.DisplayNames([studio.language()], { type: "language" }).of(voice.language);
    } catch {
      return voice.language;
    }
  }
  function note(text, trouble = false) {
    const place = document.querySelector("#voices-note");
    place.textContent = text;
    place.classList.toggle("trouble", trouble);
  }
  function part(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }
  function button(className, label, text, act) {
    const element = part("button", className, text);
    element.type = "button";
    if (label !== text) element.setAttribute("aria-label", label);
    element.addEventListener("click", act);
    return element;
  }
  function sampleButton(voice) {
    const label = studio.word("voice_sample", nameOf(voice));
    const element = button("round play", label, undefined, () => listen(voice));
    element.innerHTML = document.querySelector("#browse-voices .icon-play").outerHTML;
    element.dataset.sample = voice.id;
    return element;
  }
  function row(voice) {
    const item = part("li");
    item.dataset.voice = voice.id;
    const told = part("div", "voice-told");
    told.append(part("strong", "", nameOf(voice)));
    const facts = [languageOf(voice), voice.registered && studio.word("voice_saved")];
    told.append(part("span", "hint", facts.filter(Boolean).join(" · ")));
    const tools = part("div", "voice-tools");
    const use = studio.word("voice_use");
    const named = studio.word("voice_use_named", nameOf(voice));
    tools.append(button("voice-use", named, use, () => choose(voice)));
    if (voice.deletable) {
      const rename = studio.word("voice_rename_named", nameOf(voice));
      tools.append(
        button("voice-rename", rename, studio.word("voice_rename"), () => ask({ rename: voice.id })),
      );
      const label = studio.word("voice_delete_named", nameOf(voice));
      tools.append(button("voice-delete", label, studio.word("delete"), () => ask({ remove: voice.id })));
    }
    item.append(sampleButton(voice), told, tools);
    if (asking === voice.id) item.append(question(voice));
    if (renaming === voice.id) item.append(naming(voice));
    return item;
  }
  function question(voice) {
    const place = part("div", "voice-question");
    place.setAttribute("role", "group");
    place.append(part("p", "", studio.word("voice_delete_question", nameOf(voice))));
    const no = studio.word("delete_no");
    const yes = studio.word("delete");
    place.append(button("voice-no", no, no, () => ask({})));
    place.append(button("voice-yes danger", yes, yes, () => remove(voice)));
    return place;
  }
  function naming(voice) {
    const place = part("form", "voice-question");
    const field = part("input");
    field.value = voice.name;
    field.maxLength = 64;
    field.autocomplete = "off";
    field.setAttribute("aria-label", studio.word("voice_name"));
    const no = studio.word("cancel");
    const yes = part("button", "voice-yes primary", studio.word("voice_save_now"));
    place.append(field, button("voice-no", no, no, () => ask({})), yes);
    place.addEventListener("submit", (event) => {
      event.preventDefault();
      rename(voice, field);
    });
    return place;
  }

  function draw() {
    const wanted = document.querySelector("#voices-search").value.toLowerCase().split(/\s+/);
    const told = (voice) =>
      [voice.id, voice.name, voice.name_zh, voice.language, languageOf(voice)].join(" ").toLowerCase();
    const found = voices.filter((voice) => wanted.every((word) => told(voice).includes(word)));
    document.querySelector("#voices-list").replaceChildren(...found.map(row));
    const count = studio.word("voices_count", found.length);
    note(found.length ? count : studio.word("voices_none"));
    show();
  }
  // Which sample plays, and which is being made.
  function show() {
    for (const element of document.querySelectorAll("[data-sample]")) {
      const id = element.dataset.sample;
      const playing = samples.has(id) && studio.playing() === samples.get(id);
      element.classList.toggle("on", playing);
      element.setAttribute("aria-pressed", String(playing));
      element.setAttribute("aria-busy", String(preparing === id));
    }
  }

  async function load() {
    note(studio.word("voices_loading"));
    try {
      voices = (await (await studio.request(ADDRESS)).json()).voices;
      // Who has saved voices looks for them: they come first.
      voices.sort((one, other) => Number(other.registered) - Number(one.registered));
      draw();
    } catch (error) {
      note(error.message, true);
    }
  }
  async function listen(voice) {
    if (samples.has(voice.id) && studio.playing() === samples.get(voice.id)) {
      studio.sound.pause();
      return;
    }
    try {
      if (!samples.has(voice.id)) samples.set(voice.id, await sample(voice));
      studio.playSource(samples.get(voice.id));
    } catch (error) {
      note(error.message, true);
    } finally {
      preparing = "";
      show();
    }
  }
  async function sample(voice) {
    preparing = voice.id;
    show();
    studio.announce(studio.word("voice_sample_made"));
    const input = SAMPLES[voice.language.split("-")[0]] ?? (voice.language ? OTHER : SAMPLES.zh);
    const body = { model: "tts-1", input, voice: voice.id, response_format: "mp3", stream: false };
    const headers = { "content-type": "application/json" };
    const options = { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await studio.request("v1/audio/speech", options);
    return URL.createObjectURL(await answer.blob());
  }

  const placeOf = (id) => document.querySelector(`#voices-list [data-voice="${id}"]`);
  function ask({ remove = "", rename = "" }) {
    const before = asking ? [asking, ".voice-delete"] : [renaming, ".voice-rename"];
    [asking, renaming] = [remove, rename];
    draw();
    if (remove) placeOf(remove).querySelector(".voice-no").focus();
    else if (rename) placeOf(rename).querySelector("input").select();
    else placeOf(before[0])?.querySelector(before[1]).focus();
  }
  async function rename(voice, field) {
    const name = field.value.trim();
    field.setAttribute("aria-invalid", String(!name));
    if (!name) {
      note(studio.word("need_name"), true);
      field.focus();
      return;
    }
    const headers = { "content-type": "application/json" };
    const options = { method: "PATCH", headers, body: JSON.stringify({ name }) };
    try {
      await studio.request(`${ADDRESS}/${encodeURIComponent(voice.id)}`, options);
    } catch (error) {
      note(error.message, true);
      return;
    }
    renaming = "";
    studio.offerVoices();
    await load();
    note(studio.word("voice_renamed", name));
    placeOf(voice.id)?.querySelector(".voice-rename").focus();
  }
  async function remove(voice) {
    try {
      await studio.request(`${ADDRESS}/${encodeURIComponent(voice.id)}`, { method: "DELETE" });
    } catch (error) {
      note(error.message, true);
      return;
    }
    asking = "";
    studio.offerVoices();
    await load();
    note(studio.word("voice_deleted", nameOf(voice)));
    document.querySelector("#voices-search").focus();
  }

  // Gradio's own fields take the choice: by a button that nobody sees, when it offers the voice.
  let chosen = null;
  function choose(voice) {
    chosen = voice;
    dialog().close();
    studio.offerVoices();
    studio.announce(studio.word("voice_used", nameOf(voice)));
  }
  studio.offerVoices = () => document.querySelector("#offer-voices").click();
  studio.offered = (mode, own, saved) => {
    const voice = chosen;
    chosen = null;
    if (!voice) return [mode, own, saved];
    if (mode !== "preset" && voice.registered) return [mode, own, voice.id];
    if (document.querySelector("#mode input[value=preset]") || mode === "preset") {
      return ["preset", voice.id, saved];
    }
    return [mode, own, saved];
  };

  document.addEventListener("click", (event) => {
    const target = event.target;
    if (target.closest?.("#browse-voices")) {
      asking = renaming = "";
      document.querySelector("#voices-search").value = "";
      document.querySelector("#voices-search").placeholder = studio.word("voices_search");
      document.querySelector("#voices-list").replaceChildren();
      dialog().showModal();
      load();
    }
    if (target.closest?.(".sheet-close")) target.closest("dialog").close();
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "voices-search") draw();
  });
  for (const name of ["play", "pause", "ended"]) studio.sound.addEventListener(name, show);
})();
