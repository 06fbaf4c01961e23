// The request that makes an output again, in the words of a shell and of Python. Pure: a record in,
// a text out, in which nothing of what somebody wrote is anything but text.
(() => {
  const studio = window.studio;
  const PATH = "v1/audio/speech";
  // Letters that are not seen, or not alone: a terminal or an editor would obey, hide or lose them.
  const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
  const hex = (number, length) => number.toString(16).padStart(length, "0");
  const unit = (letter) => `\\u${hex(letter.charCodeAt(0), 4)}`;

  // As JSON has it: units of UTF-16. And as Python: whole characters.
  const jsonEscape = (letter) => letter.split("").map(unit).join("");
  const pythonEscape = (letter) =>
    letter.length > 1 ? `\\U${hex(letter.codePointAt(0), 8)}` : unit(letter);
  const written = (text, escape) =>
    `"${JSON.stringify(text).slice(1, -1).replace(UNSEEN, escape)}"`;

  const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const json = (value) => {
    if (typeof value === "string") return written(value, jsonEscape);
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    return `{${Object.entries(value).map(([key, one]) => `"${key}": ${json(one)}`).join(", ")}}`;
  };
  const python = (value) => {
    if (typeof value === "string") return written(value, pythonEscape);
    if (typeof value === "boolean") return value ? "True" : "False";
    if (value === null || typeof value !== "object") return String(value ?? "None");
    return `{${Object.entries(value).map(([key, one]) => `"${key}": ${python(one)}`).join(", ")}}`;
  };

  // A voice that nobody uses but the browser that saved it, which is known by a cookie; no script can
  // read that.
  const isPrivate = (record) =>
    studio.owned && record.registered_voice && !studio.sharedVoices.includes(record.registered_voice);
  const cookie = () =>
    location.protocol === "https:" ? "__Host-cosyvoice_owner" : "cosyvoice_owner";
  const secret = () => `the cookie ${cookie()} of the browser that saved the voice`;

  // The body, and the recordings that whoever sends it has to have beside it.
  function request(record) {
    const own = record.mode !== "preset";
    const voice = record.registered_voice || record.voice;
    const body = { model: "tts-1", input: record.text };
    if (own) body.mode = record.mode;
    if (voice) body.voice = voice;
    if (record.instruction) body.instructions = record.instruction;
    body.response_format = record.format;
    if (record.speed !== 1) body.speed = record.speed;
    if (studio.seeded) body.seed = record.seed;
    body.stream = record.stream;
    body.normalization_options = { normalize: false };
    const files = [];
    if (own && !record.registered_voice) {
      files.push("reference");
      if (record.reference_transcript) body.reference_text = record.reference_transcript;
    }
    if (record.mode === "convert") files.push("source");
    return { body, files, name: `speech.${record.format}` };
  }
  const address = () => new URL(PATH, document.baseURI).href;

  studio.asCurl = (record) => {
    const { body, files, name } = request(record);
    const lines = Object.entries(body).map(([key, value]) => `  "${key}": ${json(value)}`);
    const head = [`curl --fail-with-body ${shell(address())}`, "-H 'Content-Type: application/json'"];
    if (studio.keyed) head.push('-H "Authorization: Bearer $SPEECH_API_KEY"');
    if (isPrivate(record)) head.push(`-b "${cookie()}=\${SPEECH_OWNER:?${secret()}}"`);
    const send = (data) => [...head, `--data-binary ${data}`, `-o ${name}`].join(" \\\n  ");
    if (!files.length) return `${send(shell(`{\n${lines.join(",\n")}\n}`))}\n`;
    // Too long for an argument: the recordings are read from files, and the body from a pipe.
    const parts = files.map(
      (file) => `printf '%s' ',\n  "${file}": "'; base64 < ${file}.wav | tr -d '\\n'; printf '\"'`,
    );
    const begin = `printf '%s' ${shell(`{\n${lines.join(",\n")}`)}`;
    return `{ ${[begin, ...parts, "printf '}'"].join("\n  ")}; } | ${send("@-")}\n`;
  };

  studio.asPython = (record) => {
    const { body, files, name } = request(record);
    const lines = Object.entries(body).map(([key, value]) => `    "${key}": ${python(value)},`);
    for (const file of files) {
      lines.push(`    "${file}": base64.b64encode(Path("${file}.wav").read_bytes()).decode(),`);
    }
    const headers = ['"Content-Type": "application/json"'];
    if (studio.keyed) headers.push('"Authorization": "Bearer " + os.environ["SPEECH_API_KEY"]');
    if (isPrivate(record)) headers.push(`"Cookie": "${cookie()}=" + os.environ["SPEECH_OWNER"]`);
    return [
      ...(isPrivate(record) ? [`# SPEECH_OWNER in the environment: ${secret()}`] : []),
      ...(files.length ? ["import base64"] : []),
      "import json",
      ...(headers.length > 1 ? ["import os"] : []),
      "import urllib.request",
      "from pathlib import Path",
      "",
      "body = {",
      ...lines,
      "}",
      "request = urllib.request.Request(",
      `    ${python(address())},`,
      "    json.dumps(body).encode(),",
      `    {${headers.join(", ")}},`,
      ")",
      "with urllib.request.urlopen(request) as answer:",
      `    Path("${name}").write_bytes(answer.read())`,
      "",
    ].join("\n");
  };
})();
