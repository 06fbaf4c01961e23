// openai's own client, with its defaults: openai.mjs URL FILE TEXT. Writes the sound to FILE.
import { writeFile } from "node:fs/promises";
import OpenAI from "openai";

const [url, file, input] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "unused" });
const answer = await client.audio.speech.create({ model: "gpt-4o-mini-tts", voice: "alloy", input });
await writeFile(file, Buffer.from(await answer.arrayBuffer()));
console.log(JSON.stringify({ mediaType: answer.headers.get("content-type") }));
