/** Columns for people: as wide as what is in them, the last one ragged, numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], right: number[] = []): string {
  const widths = header.map((title, column) =>
    Math.max(...[title, ...rows.map((row) => row[column] ?? '')].map(width)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const blanks = ' '.repeat((widths[column] ?? 0) - width(cell));
        return right.includes(column) ? blanks + cell : cell + blanks;
      })
      .join('  ')
      .trimEnd();
  return `${[header, ...rows].map(line).join('\n')}\n`;
}

/** Characters as a person counts them. */
function width(text: string): number {
  return [...text].length;
}
