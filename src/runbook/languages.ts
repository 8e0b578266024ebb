/** Which languages of code blocks are commands, by all the names that highlighters know them under. */

const SHELL = ['bash', 'sh', 'shell', 'shellscript', 'zsh', 'ksh', 'dash', 'fish', 'bashrc', 'shell-script'];
const CONSOLE = ['console', 'shellsession', 'shell-session', 'bash-session', 'sh-session', 'terminal', 'ansi'];
const SQL = ['sql', 'psql', 'pgsql', 'plpgsql', 'postgres', 'postgresql', 'plsql'];

/** Steps are bash; these names of it are common. */
export function isBash(language: string | undefined): boolean {
  return ['bash', 'sh', 'shell', 'shellscript'].includes(nameOf(language ?? ''));
}

export type LanguageFamily = 'shell' | 'console' | 'sql' | 'other' | 'none';

/** `Bash` and `bash{1,3}` are bash, too. */
export function familyOf(language: string | null | undefined): LanguageFamily {
  if (!language) return 'none';
  const name = nameOf(language);
  if (SHELL.includes(name)) return 'shell';
  if (CONSOLE.includes(name)) return 'console';
  return SQL.includes(name) ? 'sql' : 'other';
}

function nameOf(language: string): string {
  return (/^[\w+#.-]+/.exec(language)?.[0] ?? language).toLowerCase();
}

const PROGRAMS =
  'psql|pg_restore|pg_dump|pg_dumpall|pg_ctl|createdb|dropdb|mc|docker|docker-compose|kubectl|systemctl|sudo|curl|aws|rm|mv|cp|cd|export|npm|npx|git|drillbook|gunzip|sha256sum|ssh';
const COMMAND_LINE = new RegExp(String.raw`^\s*(?:[$#%>]\s+\S|(?:\w+=\S*\s+)*(?:${PROGRAMS})\s+\S)`);

/** Does a block that names no language look as if a reader would paste it into a terminal? */
export function looksLikeCommands(text: string): boolean {
  return text.split('\n').some((line) => COMMAND_LINE.test(line));
}
