// reference.mjs - renders cases with npm's dotprompt: JSON lines of {template, partials, rows} on standard input, a JSON
// line of one result a row on standard output: {messages} or {error}.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
const require = createRequire(process.cwd() + '/');
const Handlebars = require('handlebars');
// Three differences are meant, and mended here so that what else differs shows. Handlebars, told not to escape, adds
// numbers that stand beside each other ({{a}}{{b}} of 1 and 2 is 3); it prints an object as [object Object]; and
// Dotprompt's {{json x}} prints the word undefined where there is no x. tidemill prints 12, JSON, and nothing.
const holdsObject = (v) => Array.isArray(v) ? v.some(holdsObject) : v !== null && typeof v === 'object';
globalThis.printed = (v) =>
  v instanceof Handlebars.SafeString ? (v.string === undefined ? '' : String(v)) : holdsObject(v) ? JSON.stringify(v) : '' + v;
const { appendToBuffer } = Handlebars.JavaScriptCompiler.prototype;
Handlebars.JavaScriptCompiler.prototype.appendToBuffer = function (source, ...rest) {
  return appendToBuffer.call(this, ['globalThis.printed(', ...[source].flat(), ')'], ...rest);
};
const { Dotprompt, picoschema } = await import(pathToFileURL(require.resolve('dotprompt').replace(/index\.js$/, 'index.mjs')));
for await (const line of createInterface({ input: process.stdin })) {
  const { template, partials, rows, schema } = JSON.parse(line);
  const results = [];
  if (schema !== undefined) {
    try {
      results.push({ schema: await picoschema(schema) });
    } catch (e) {
      results.push({ error: String(e.message).slice(0, 200) });
    }
  }
  for (const row of rows ?? []) {
    try {
      const { messages } = await new Dotprompt({ partials }).render(template, row);
      results.push({ messages });
    } catch (e) {
      results.push({ error: String(e.message).slice(0, 200) });
    }
  }
  console.log(JSON.stringify(results));
}
