// A field for a recording: a file is chosen or dropped, or somebody speaks. It is uploaded at once;
// the field's value is where the server has it, and the server's verdict appears below.
(() => {
  const studio = window.studio;
  const sent = {}; // Where the server has what was uploaded last, by field.

  // A passing note, in the place of the verdict on the recording before.
  function say(field, key, urgency) {
    studio.announce(studio.word(key), urgency);
    const note = document.querySelector(`#${field} .clip-note`);
    note.classList.toggle("trouble", urgency === "assertive");
    note.innerHTML = studio.both(key);
  }
  // The node tells in both languages, one a line; what a proxy or Gradio says is in one.
  function sayWhy(field, reason) {
    say(field, "upload_failed", "assertive");
    const [zh, en] = reason.replace(/^Error: /, "").split("\n");
    if (!en) return;
    const note = document.querySelector(`#${field} .clip-note`);
    for (const [index, told] of [zh, en].entries()) note.children[index].textContent = told;
    studio.announce(note.innerText, "assertive");
  }
  function quiet(field) {
    document.querySelector(`#${field} .clip-note`).textContent = "";
  }
  for (const field of ["reference", "source"]) {
    studio.whenPresent(`#${field}-verdict`, (verdict) => {
      const watch = new MutationObserver(() => {
        quiet(field);
        studio.mistakes.clear(field);
        const digest = verdict.querySelector("[data-digest]")?.dataset.digest;
        if (digest && sent[field]) studio.recordings.remember(digest, sent[field]);
      });
      watch.observe(verdict, { childList: true, characterData: true, subtree: true });
    });
  }

  async function record(button, done, fail) {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      fail();
      return null;
    }
    const recorder = new MediaRecorder(stream);
    const parts = [];
    const began = performance.now();
    const clock = setInterval(() => {
      button.querySelector("output").textContent = ((performance.now() - began) / 1000).toFixed(1);
    }, 100);
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => {
      clearInterval(clock);
      for (const track of stream.getTracks()) track.stop();
      const type = recorder.mimeType.split(";")[0];
      const ending = { "audio/mp4": "m4a", "audio/ogg": "ogg" }[type] || "webm";
      done(new File(parts, `recording.${ending}`, { type }));
    };
    recorder.start();
    return recorder;
  }

  studio.connectClip = (element, props, trigger, upload) => {
    const field = element.closest("#reference, #source").id;
    const file = element.querySelector("input[type=file]");
    const button = element.querySelector(".clip-record");
    let recorder = null;

    async function take(chosen) {
      say(field, "uploading", "polite");
      try {
        const { path } = await upload(chosen);
        say(field, "clip_checking", "polite");
        sent[field] = path;
        props.value = path;
        trigger("upload");
      } catch (error) {
        sayWhy(field, String(error.message ?? error));
      }
    }
    function show(on) {
      button.classList.toggle("on", on);
      button.setAttribute("aria-pressed", String(on));
    }
    show(false);
    // Where the browser lets no page record, nobody is offered to.
    const able = window.isSecureContext && navigator.mediaDevices && window.MediaRecorder;
    button.hidden = !able;
    element.querySelector(".clip-why").hidden = Boolean(able);

    file.addEventListener("change", () => {
      if (file.files.length) take(file.files[0]);
      file.value = ""; // The same file can be chosen again.
    });
    button.addEventListener("click", async () => {
      if (recorder) {
        recorder.stop();
        recorder = null;
        show(false);
        return;
      }
      studio.sound.pause();
      const fail = () => say(field, "no_microphone", "assertive");
      recorder = await record(button, take, fail);
      show(Boolean(recorder));
      if (recorder) {
        quiet(field);
        studio.announce(studio.word("recording"));
      }
    });
    const target = element.querySelector(".clip-file");
    for (const name of ["dragover", "dragleave", "drop"]) {
      target.addEventListener(name, (event) => {
        event.preventDefault();
        target.classList.toggle("over", name === "dragover");
        if (name === "drop" && event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
      });
    }
    document.addEventListener("click", (event) => {
      if (!event.target.closest?.(`#${field}-verdict .clip-remove`)) return;
      sent[field] = "";
      props.value = "";
      trigger("clear");
      file.focus();
    });
  };
})();
