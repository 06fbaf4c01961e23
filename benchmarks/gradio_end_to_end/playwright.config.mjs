// One browser and one test at a time: the demos share this machine with it.
import { defineConfig, devices } from "@playwright/test";

export default defineConfig({
  testDir: process.env.END_TO_END_TESTS,
  testMatch: /.*\.spec\.ts/,
  outputDir: `${process.env.TMPDIR}/left`,
  reporter: [["list"], ["json"]],
  workers: 1,
  // A test starts its demo, here three processes.
  timeout: 90_000,
  expect: { timeout: 10_000 },
  use: {
    ...devices["Desktop Chrome"],
    actionTimeout: 20_000,
    bypassCSP: true,
    permissions: ["clipboard-read", "clipboard-write", "microphone"],
    launchOptions: {
      executablePath: process.env.END_TO_END_CHROMIUM,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-web-security",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
      ],
    },
  },
});
