// reference_csv.mjs - what npm's papaparse reads in CSV files: JSON lines of {path, delimiter} on standard input, a JSON
// line of {rows, delimiter, errors} a file on standard output.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
const Papa = createRequire(process.cwd() + '/')('papaparse');
for await (const line of createInterface({ input: process.stdin })) {
  const { path, delimiter = '' } = JSON.parse(line);
  const { data, meta, errors } = Papa.parse(readFileSync(path, 'utf8'), { delimiter });
  console.log(JSON.stringify({ rows: data, delimiter: meta.delimiter, errors: errors.map((e) => e.code) }));
}
