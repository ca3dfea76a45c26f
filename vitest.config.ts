import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "happy-dom",
    include: ["static/tests/**/*.test.ts", "static/src/**/*.test.ts"],
  },
});
