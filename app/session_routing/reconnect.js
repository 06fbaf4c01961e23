// Keeps a Gradio page alive when the node it talks to goes. Gradio's own client takes a broken
// connection for the end: it reloads the page, and what was typed is lost. This stands between the
// client and the network, in front of Gradio's scripts. What it does depends on the page:
//
//   window.gradioReconnect = {
//     again: true,              // Jobs may run twice: a lost one is sent again, once.
//     amend(body, first) {},    // Changes what is sent again; `first` is what was told first.
//     lost(body) {},            // What a job's outputs show when it is lost for good.
//   };
//
// Events on `document`, of type "gradio-reconnect", tell in `detail`:
//   {state: "lost"}    no node answers; it is tried again until one does
//   {state: "back"}    one answers
//   {state: "again"}   a lost job has been sent again
//   {state: "failed"}  a job is lost for good
//   {state: "outdated", pressed}  no node of this page's release is left: the page loads itself
//       anew, unless the event's default is prevented; `pressed`: a job was being sent
(() => {
  const wishes = window.gradioReconnect || {};
  const plain = window.fetch.bind(window);
  const MOST = 5000; // Milliseconds between two tries.
  const SILENCE = 45000; // Gradio's servers say something every 15 s.
  const UNANSWERED = 20000; // A job is accepted at once or not at all.
  const RELOAD_AFTER = 30000;
  const BUSY_TRIES = 5;

  let leaving = false;
  addEventListener("pagehide", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));

  const jobs = new Map(); // By the event's id that Gradio's client knows.
  const current = new Map(); // From the id of a job's present run to that.
  const past = new Set(); // Ids of runs that were given up.

  const pause = (wait) => new Promise((resolve) => setTimeout(resolve, wait));
  function tell(state, more = {}) {
    const detail = { state, ...more };
    return document.dispatchEvent(
      new CustomEvent("gradio-reconnect", { detail, cancelable: true }),
    );
  }

  let away = false;
  function lost() {
    if (!away) tell("lost");
    away = true;
  }
  function back() {
    if (away) tell("back");
    away = false;
  }

  // The page is of a release that has gone. It goes at most once in a while: a page that comes
  // back from a node that is about to stop would go round and round.
  function renew(pressed) {
    const KEY = "gradio-reconnect-renewed";
    const last = Number(sessionStorage.getItem(KEY) || 0);
    if (Date.now() - last < RELOAD_AFTER) return false;
    sessionStorage.setItem(KEY, String(Date.now()));
    if (tell("outdated", { pressed })) location.reload();
    return true;
  }
  async function outdated(answer) {
    if (answer.status !== 410) return false;
    const told = await answer
      .clone()
      .json()
      .catch(() => null);
    return told?.code === "release_gone";
  }

  const never = new Promise(() => {});

  // One request and its answer, until there is one. `again` makes it anew.
  async function steady(again, signal, pressed = false) {
    let busy = 0;
    for (let wait = 250; ; wait = Math.min(2 * wait, MOST)) {
      let answer = null;
      try {
        answer = await again();
      } catch (error) {
        if (signal?.aborted) throw error;
        lost();
      }
      if (leaving) return never;
      if (answer) {
        if ((await outdated(answer)) && renew(pressed)) return never;
        // A node or a proxy that finds no other: another may, or the same one a little later.
        const passing =
          [502, 504].includes(answer.status) ||
          (answer.status === 503 && answer.headers.has("Retry-After"));
        if (!passing || (busy += 1) > BUSY_TRIES) {
          back();
          return answer;
        }
      }
      await pause(wait);
    }
  }

  async function post(url, init, pressed) {
    const attempt = () => {
      const limit = AbortSignal.timeout(UNANSWERED);
      return plain(url, { ...init, signal: limit });
    };
    return steady(attempt, null, pressed);
  }

  async function join(url, init) {
    const answer = await post(url, init, true);
    if (await outdated(answer)) {
      // Gradio would reload at once, and lose what was typed.
      const { detail } = await answer.json();
      return new Response(JSON.stringify({ detail }), { status: 500 });
    }
    const event = answer.ok ? (await answer.clone().json()).event_id : null;
    if (event) {
      const session = JSON.parse(init.body).session_hash;
      jobs.set(event, { url, init, session, run: event, runs: 1, first: null, fresh: false });
      current.set(event, event);
    }
    return answer;
  }

  // A job whose node has gone runs again elsewhere, unless it has done so before.
  async function revive(event, job) {
    past.add(job.run);
    current.delete(job.run);
    if (!wishes.again || job.runs > 1) return false;
    const body = JSON.parse(job.init.body);
    wishes.amend?.(body, job.first);
    const answer = await post(job.url, { ...job.init, body: JSON.stringify(body) }, true);
    const run = answer.ok ? (await answer.json()).event_id : null;
    if (!run || !jobs.has(event)) return false;
    Object.assign(job, { run, runs: job.runs + 1, fresh: true });
    current.set(run, event);
    tell("again");
    return true;
  }
  function failed(event, job) {
    const shown = wishes.lost?.(JSON.parse(job.init.body));
    const error = "The node that ran this job has gone; run it again.";
    const output = shown ? { data: shown } : { error, visible: true, duration: 10 };
    tell("failed");
    return { msg: "process_completed", event_id: event, output, success: Boolean(shown), title: "Error" };
  }

  // The server sends what has changed since what it sent before. A run that begins anew sends all
  // of it, to a client that has an older whole already.
  const whole = (data) => data.map((value) => [["replace", [], value]]);
  function translated(message) {
    const event = current.get(message.event_id);
    if (event === undefined) return message;
    const job = jobs.get(event);
    const told = { ...message, event_id: event };
    if (!job) return told; // It was cancelled.
    if (message.msg === "process_generating" && message.output?.data) {
      if (job.first && job.fresh) told.output = { ...message.output, data: whole(message.output.data) };
      job.first ||= message.output.data;
      job.fresh = false;
    }
    if (message.msg === "process_completed") {
      current.delete(message.event_id);
      jobs.delete(event);
    }
    return told;
  }
  const gone = (message) =>
    (message.msg === "unexpected_error" && !message.event_id) ||
    (message.msg === "process_completed" && message.node_gone);

  // The events of an answer, until it ends or says nothing for too long.
  async function* lines(answer, signal) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    const silence = () =>
      new Promise((_, fail) => {
        silence.timer = setTimeout(() => fail(new Error("silence")), SILENCE);
      });
    try {
      for (;;) {
        const read = await Promise.race([reader.read(), silence()]).finally(() =>
          clearTimeout(silence.timer),
        );
        if (read.done || signal.aborted) return;
        const parts = (rest + read.value).split("\n\n");
        rest = parts.pop();
        for (const part of parts) {
          if (part.startsWith("data:")) yield part.slice(5).trim();
        }
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  // A session's events, over as many connections as it takes.
  async function follow(request, write) {
    const say = (message) => write(JSON.stringify(message));
    const session = new URL(request.url).searchParams.get("session_hash");
    const mine = () => [...jobs].filter(([, job]) => job.session === session);
    for (;;) {
      const answer = await steady(() => plain(request.clone()), request.signal);
      let closed = false;
      try {
        for await (const line of lines(answer, request.signal)) {
          const message = JSON.parse(line);
          if (gone(message)) break;
          if (past.has(message.event_id)) continue;
          closed = message.msg === "close_stream";
          if (closed && mine().length) break;
          say(translated(message));
          if (closed) return;
        }
      } catch {
        // As if it had ended: what is open is not done.
      }
      if (request.signal.aborted || leaving || !mine().length) return;
      if (closed) continue; // A job that was sent while the stream of another was closed.
      lost();
      for (const [event, job] of mine()) {
        if (await revive(event, job)) continue;
        jobs.delete(event);
        say(failed(event, job));
      }
      if (!mine().length) {
        say({ msg: "close_stream", event_id: null });
        return;
      }
    }
  }

  // A session ends when this connection does, so another follows each.
  async function beat(request, say) {
    while (!request.signal.aborted && !leaving) {
      const answer = await steady(() => plain(request.clone()), request.signal);
      try {
        for await (const message of lines(answer, request.signal)) say(message);
      } catch {
        // Like its end.
      }
      await pause(MOST);
    }
  }

  // An answer made of what `source` says, until that ends or the request is given up.
  function lasting(request, source) {
    const encoder = new TextEncoder();
    const body = new ReadableStream({
      start(controller) {
        const say = (data) => controller.enqueue(encoder.encode(`data: ${data}\n\n`));
        const close = () => {
          try {
            controller.close();
          } catch {
            // It is closed already.
          }
        };
        request.signal.addEventListener("abort", close);
        source(request, say).catch(() => {}).finally(close);
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }

  function cancel(url, init) {
    const body = JSON.parse(init.body);
    const job = jobs.get(body.event_id);
    jobs.delete(body.event_id);
    const now = job ? { ...body, event_id: job.run } : body;
    return steady(() => plain(url, { ...init, body: JSON.stringify(now) }));
  }

  window.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input, document.baseURI);
    const route = /\/gradio_api\/(.*)$/.exec(url.pathname)?.[1].replace(/\/$/, "");
    if (url.origin !== location.origin || route === undefined) return plain(input, init);
    if (route === "queue/join") return join(url, init);
    if (route === "cancel") return cancel(url, init);
    const source = route === "queue/data" ? follow : route.startsWith("heartbeat/") ? beat : null;
    if (source) return Promise.resolve(lasting(new Request(input, init), source));
    // Whether a request that may have been served can be sent again, only the page knows.
    const reads = !(input instanceof Request) && (init?.method ?? "GET") === "GET";
    if (!reads && !wishes.again) return plain(input, init);
    return steady(() => plain(input, init), init?.signal);
  };
})();
