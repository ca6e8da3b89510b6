// tsc copies no declarations that were written as such.
import { copyFileSync } from 'node:fs';

const from = new URL('../src/schema.d.ts', import.meta.url);
copyFileSync(from, new URL('../dist/schema.d.ts', import.meta.url));
