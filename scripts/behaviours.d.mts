export function render(
  sections: readonly {
    readonly section: string;
    readonly lines: readonly { readonly line: string; readonly tests: readonly string[] }[];
  }[],
): string;
