// Where the records of an import came from.

/** The names of the files or databases, separated by commas; empty when there are none. */
export const sourcesOf = ({ options }) =>
  [options?.files, options?.sources, options?.source, options?.shown_as]
    .flat()
    .filter((name) => typeof name === 'string')
    .join(', ');
