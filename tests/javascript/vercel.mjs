// Vercel's AI SDK with its provider for OpenAI, with their defaults: vercel.mjs URL FILE TEXT.
// Writes the sound to FILE.
import { writeFile } from "node:fs/promises";
import { createOpenAI } from "@ai-sdk/openai";
import * as ai from "ai";

const [url, file, text] = process.argv.slice(2);
const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey: "unused" });
const generate = ai.generateSpeech ?? ai.experimental_generateSpeech;
const { audio, warnings } = await generate({ model: openai.speech("tts-1"), text });
await writeFile(file, audio.uint8Array);
console.log(JSON.stringify({ mediaType: audio.mediaType, warnings }));
