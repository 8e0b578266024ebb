/** Structured log lines: one JSON object per line, as a runbook's "verify the application" step reads them. */
export function logLine(
  level: 'info' | 'warning' | 'error',
  event: string,
  detail: Record<string, string | number | null>,
): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...detail })}\n`);
}
