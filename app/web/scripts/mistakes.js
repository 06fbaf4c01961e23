// What is missing or wrong is said at the field, in the words of the page, and all of it at once: first
// by a look at the form, then by the node, which knows more.
(() => {
  const studio = window.studio;
  const ids = { saved_voice: "saved-voice", file_format: "format", locked: "lock" };
  const place = (field) => document.querySelector(`#${ids[field] ?? field}`);
  const entry = (field) => place(field)?.querySelector("textarea, input:not([type=hidden])");

  function clear(field) {
    const note = document.querySelector(`#mistake-${field}`);
    if (!note) return;
    note.remove();
    const box = entry(field);
    box?.setAttribute("aria-invalid", "false");
    const others = (box?.getAttribute("aria-describedby") ?? "").split(" ");
    box?.setAttribute("aria-describedby", others.filter((id) => id !== note.id).join(" "));
  }
  const clearAll = () => {
    for (const note of document.querySelectorAll(".mistake")) clear(note.dataset.field);
  };

  // Says it at the field; false where the page does not show that one.
  function tell(field, html) {
    if (["seed", "locked", "stream", "file_format"].includes(field)) studio.showMore();
    const target = place(field);
    if (!target?.checkVisibility()) return false;
    clear(field);
    const note = document.createElement("p");
    note.id = `mistake-${field}`;
    note.className = "mistake";
    note.dataset.field = field;
    note.setAttribute("role", "alert");
    note.innerHTML = html;
    target.append(note);
    const box = entry(field);
    const others = box?.getAttribute("aria-describedby") ?? "";
    box?.setAttribute("aria-invalid", "true");
    box?.setAttribute("aria-describedby", `${note.id} ${others}`.trim());
    return true;
  }
  function goTo(field) {
    entry(field)?.focus({ preventScroll: true });
    place(field)?.scrollIntoView({ behavior: "smooth", block: "center" });
  }

  const blank = (text) => !(text ?? "").trim();
  function missing(form) {
    const found = [];
    const need = (field, key, ...filling) => found.push([field, studio.both(key, ...filling)]);
    const length = [...(form.text ?? "")].length;
    if (form.mode !== "convert" && blank(form.text)) need("text", "need_text");
    else if (form.mode !== "convert" && length > studio.textLimit) {
      need("text", "need_shorter", length, studio.textLimit);
    }
    if (form.mode === "convert" && !form.source) need("source", "need_source");
    if (form.mode !== "preset" && !form.saved_voice) {
      const key = form.mode === "convert" ? "need_target" : "need_reference";
      if (!form.reference) need("reference", key);
      if (form.mode === "clone" && blank(form.transcript)) need("transcript", "need_transcript");
    }
    if (form.mode === "instruct" && blank(form.instruction)) need("instruction", "need_instruction");
    return found;
  }

  studio.mistakes = {
    // Whether the form lacks something; it is said where.
    found(values) {
      clearAll();
      const form = Object.fromEntries(studio.fields.map((name, at) => [name, values[at]]));
      const lacks = missing(form);
      const told = lacks.filter(([field, html]) => tell(field, html));
      if (told.length) goTo(told[0][0]);
      return lacks.length > 0;
    },
    // What the node said of a field.
    told(alarm) {
      const { field } = alarm.dataset;
      if (!field || !tell(field, alarm.querySelector("p").innerHTML)) return;
      alarm.remove();
      goTo(field);
    },
  };
  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => {
      const note = event.target.closest?.(".block")?.querySelector(".mistake");
      if (note) clear(note.dataset.field);
    });
  }
  studio.mistakes.clear = clear;
  studio.mistakes.clearAll = clearAll;
})();
