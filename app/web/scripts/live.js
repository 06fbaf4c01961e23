// Plays speech while it is made. The server sends `id:rate:` and, growing, the samples in base64
// (mono signed 16-bit little-endian): it needs neither a second connection, which could reach
// another node, nor ffmpeg on the server, both of which Gradio's own streaming does.
(() => {
  const studio = window.studio;
  let context = null;
  let run = null;

  // Browsers start sound only where somebody clicked.
  studio.whenPresent("#generate", (button) => {
    button.addEventListener("click", () => {
      if (!document.querySelector("#stream input")?.checked) return;
      context ||= new AudioContext();
      context.resume();
    });
  });

  function decode(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const samples = new Int16Array(bytes.buffer, 0, bytes.length >> 1);
    return Float32Array.from(samples, (sample) => sample / 32768);
  }

  function hear(samples) {
    const buffer = context.createBuffer(1, samples.length, run.rate);
    buffer.copyToChannel(samples, 0);
    const node = context.createBufferSource();
    node.buffer = buffer;
    node.connect(context.destination);
    // A little late at first, so that the next piece is there before this one has ended.
    run.until = Math.max(run.until, context.currentTime + 0.1);
    node.start(run.until);
    run.until += buffer.duration;
    run.seconds += buffer.duration;
    run.nodes.push(node);
    node.onended = () => {
      run?.nodes.splice(run.nodes.indexOf(node), 1);
      studio.live.show();
    };
  }

  studio.live = {
    feed(value) {
      if (!value || !context) return;
      const [id, rate, text] = value.split(":");
      if (run?.id !== id) {
        this.stop();
        studio.sound.pause();
        run = { id, rate: Number(rate), heard: 0, until: 0, seconds: 0, nodes: [], on: true };
      }
      const fresh = text.slice(run.heard);
      run.heard = text.length;
      if (fresh && run.on) hear(decode(fresh));
      this.show();
    },
    stop() {
      if (!run) return;
      run.on = false;
      for (const node of run.nodes.splice(0)) node.stop();
      this.show();
    },
    show() {
      document.documentElement.classList.toggle("live", Boolean(run?.on && run.nodes.length));
    },
    // Seconds into what is heard at this moment; null when nothing is.
    get position() {
      if (!run?.on || !run.nodes.length) return null;
      return Math.max(0, run.seconds - Math.max(0, run.until - context.currentTime));
    },
    get seconds() {
      return run?.seconds ?? 0;
    },
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#mute")) studio.live.stop();
  });
})();
