// Sessions of @gradio/client, several at a time: speak.mjs URL ENDPOINT COUNT AT_ONCE [ARGUMENT...]
// Prints one JSON array a session: what the endpoint answered, or {"error": "..."}.
import { Client } from "@gradio/client";

const [url, endpoint, count, atOnce, ...words] = process.argv.slice(2);
const inputs = words.map((word) => JSON.parse(word));

async function session() {
  const client = await Client.connect(url);
  try {
    const answer = await client.predict(endpoint, inputs);
    return answer.data;
  } finally {
    client.close();
  }
}

async function worker(left) {
  while (left.count-- > 0) {
    const said = await session().catch((error) => ({ error: String(error?.message ?? error) }));
    console.log(JSON.stringify(said));
  }
}

const left = { count: Number(count) };
await Promise.all(Array.from({ length: Number(atOnce) }, () => worker(left)));
process.exit(0);
