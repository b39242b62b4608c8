// The official clients of both APIs talk to the twin as they would to the services. See clients.sh.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { ApiError, GoogleGenAI, Type } from '@google/genai';

const address = process.env.TWIN;
let failed = 0;

async function test(name, run) {
    try {
        console.log(`ok - ${name}: ${await run()}`);
    } catch (error) {
        failed++;
        console.log(`not ok - ${name}: ${error.stack}`);
    }
}

/* What the call throws; fails if it does not. */
async function thrown(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    throw new Error('no error was thrown');
}

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';

/* Gemini */

const google = (key) => new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: address } });
const flash = 'gemini-2.5-flash';
const gemini = google('gemini-key').models;
const say = (contents, config) => gemini.generateContent({ model: flash, contents, config });

await test('@google/genai: text', async () => {
    const answer = await say('tides');
    assert.equal(answer.text, 'echo: tides');
    return `${answer.text}, ${answer.usageMetadata.totalTokenCount} tokens`;
});
await test('@google/genai: system instruction', async () => {
    const plain = await say('tides'), instructed = await say('tides', { systemInstruction: 'be brief' });
    assert.equal(instructed.text, 'echo: tides');
    assert.ok(instructed.usageMetadata.promptTokenCount > plain.usageMetadata.promptTokenCount);
    return `${instructed.usageMetadata.promptTokenCount} tokens of prompt`;
});
await test('@google/genai: schema', async () => {
    const responseSchema = {
        type: Type.OBJECT, required: ['label'],
        properties: { label: { type: Type.STRING, enum: ['good', 'bad'] }, score: { type: Type.INTEGER } },
    };
    const answer = await say('row', { responseMimeType: 'application/json', responseSchema });
    assert.ok(['good', 'bad'].includes(JSON.parse(answer.text).label));
    return answer.text;
});
await test('@google/genai: a picture in', async () => {
    const answer = await say(['what is it?', { inlineData: { mimeType: 'image/png', data: PNG } }]);
    assert.equal(answer.text, 'echo: what is it?');
    return `${answer.usageMetadata.promptTokenCount} tokens of prompt`;
});
await test('@google/genai: stream', async () => {
    const pieces = [];
    for await (const piece of await gemini.generateContentStream({ model: flash, contents: 'tides' }))
        pieces.push(piece.text);
    assert.ok(pieces.length > 1);
    assert.equal(pieces.join(''), 'echo: tides');
    return JSON.stringify(pieces);
});
await test('@google/genai: count', async () => {
    const count = await gemini.countTokens({ model: flash, contents: 'tides' });
    assert.equal(count.totalTokens, (await say('tides')).usageMetadata.promptTokenCount);
    return `${count.totalTokens}`;
});
await test('@google/genai: models', async () => {
    const names = [];
    for await (const model of await gemini.list()) names.push(model.name);
    assert.ok(names.includes(`models/${flash}`));
    assert.equal((await gemini.get({ model: flash })).inputTokenLimit, 1048576);
    return `${names.length} of them`;
});

const geminiErrors = [
    ['a key that is wrong', 'nobody', flash, {}, 400, /API_KEY_INVALID/],
    ['no such model', 'gemini-key', 'gemini-0', {}, 404, /is not found/],
    ['a bad request', 'gemini-key', flash, { temperature: 9 }, 400, /INVALID_ARGUMENT/],
    ['no credit', 'gemini-broke', flash, {}, 402, /prepayment credits are depleted/],
    ['overloaded', 'gemini-busy', flash, {}, 503, /UNAVAILABLE/],
];
for (const [name, key, model, config, status, words] of geminiErrors)
    await test(`@google/genai: ${name}`, async () => {
        const error = await thrown(google(key).models.generateContent({ model, contents: 'a', config }));
        assert.ok(error instanceof ApiError);
        assert.equal(error.status, status);
        assert.match(error.message, words);
        return `${error.name} ${error.status}`;
    });
await test('@google/genai: too many a minute', async () => {
    const spent = google('gemini-spent').models;
    await spent.generateContent({ model: flash, contents: 'a' });
    const error = await thrown(spent.generateContent({ model: flash, contents: 'b' }));
    assert.ok(error instanceof ApiError);
    assert.equal(error.status, 429);
    assert.match(error.message, /GenerateRequestsPerMinutePerProjectPerModel-FreeTier/);
    return `${error.name} ${error.status}`;
});

/* OpenAI */

const openai = (apiKey, baseURL = `${address}/v1`) => new OpenAI({ apiKey, baseURL, maxRetries: 0 });
const client = openai('openai-key-0123456789');
const mini = 'gpt-4o-mini';
const ask = (content, more = {}, of = client) =>
    of.chat.completions.create({ model: mini, messages: [{ role: 'user', content }], ...more });

await test('openai: text', async () => {
    const answer = await ask('tides');
    assert.equal(answer.choices[0].message.content, 'echo: tides');
    return `${answer.choices[0].message.content}, ${answer.usage.total_tokens} tokens`;
});
await test('openai: system message', async () => {
    const messages = [{ role: 'system', content: 'be brief' }, { role: 'user', content: 'tides' }];
    const answer = await client.chat.completions.create({ model: mini, messages });
    assert.equal(answer.choices[0].message.content, 'echo: tides');
    return `${answer.usage.prompt_tokens} tokens of prompt`;
});
await test('openai: strict schema, parsed by the client', async () => {
    const schema = {
        type: 'object', additionalProperties: false, required: ['label', 'why'],
        properties: { label: { type: 'string', enum: ['good', 'bad'] }, why: { type: ['string', 'null'] } },
    };
    const format = { type: 'json_schema', json_schema: { name: 'label', strict: true, schema } };
    const answer = await client.chat.completions.parse({
        model: mini, messages: [{ role: 'user', content: 'row' }], response_format: format });
    const value = answer.choices[0].message.parsed ?? JSON.parse(answer.choices[0].message.content);
    assert.ok(['good', 'bad'].includes(value.label));
    return JSON.stringify(value);
});
await test('openai: a picture in', async () => {
    const answer = await ask([{ type: 'text', text: 'what is it?' },
                              { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}`, detail: 'low' } }]);
    assert.equal(answer.choices[0].message.content, 'echo: what is it?');
    return `${answer.usage.prompt_tokens} tokens of prompt`;
});
await test('openai: a picture out', async () => {
    const make = (prompt) => client.images.generate({ model: 'gpt-image-2', prompt, size: '1024x1024' });
    const first = await make('a mill'), again = await make('a mill'), other = await make('a tide');
    const bytes = Buffer.from(first.data[0].b64_json, 'base64');
    assert.equal(bytes.subarray(1, 4).toString(), 'PNG');
    assert.equal(first.data[0].b64_json, again.data[0].b64_json);
    assert.notEqual(first.data[0].b64_json, other.data[0].b64_json);
    return `${bytes.length} bytes of ${first.output_format}, ${first.usage.output_tokens} tokens`;
});
await test('openai: stream with usage', async () => {
    const pieces = [];
    let usage;
    const stream = await ask('tides', { stream: true, stream_options: { include_usage: true } });
    for await (const chunk of stream) {
        if (chunk.choices[0]?.delta.content) pieces.push(chunk.choices[0].delta.content);
        usage = chunk.usage ?? usage;
    }
    assert.equal(pieces.join(''), 'echo: tides');
    assert.ok(usage.total_tokens > 0);
    return `${JSON.stringify(pieces)}, ${usage.total_tokens} tokens`;
});
await test('openai: stream helper', async () => {
    const answer = await client.chat.completions.stream({
        model: 'gpt-5-mini', messages: [{ role: 'user', content: 'tides' }],
        stream_options: { include_usage: true } }).finalChatCompletion();
    assert.equal(answer.choices[0].message.content, 'echo: tides');
    return `${answer.usage.completion_tokens_details.reasoning_tokens} tokens of thought`;
});
await test('openai: models', async () => {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    assert.ok(names.includes(mini));
    assert.equal((await client.models.retrieve(mini)).object, 'model');
    return `${names.length} of them`;
});
await test('openai: rate headers', async () => {
    const { response } = await ask('tides', {}, openai('openai-limits')).withResponse();
    const told = ['limit', 'remaining', 'reset'].map((what) => response.headers.get(`x-ratelimit-${what}-tokens`));
    assert.equal(told[0], '1000');
    return told.join(', ');
});

const { APIError, AuthenticationError, BadRequestError, InternalServerError, NotFoundError, RateLimitError } = OpenAI;
const openaiErrors = [
    ['a key that is wrong', 'sk-nobody-0123456789', {}, AuthenticationError, 401, 'invalid_api_key', /sk-no\*\*\*6789/],
    ['no such model', null, { model: 'gpt-0' }, NotFoundError, 404, 'model_not_found', /does not exist or you do not/],
    ['an unknown parameter', null, { colour: 'red' }, BadRequestError, 400, 'unknown_parameter', /'colour'/],
    ['max_tokens for a model that thinks', null, { model: 'gpt-5-mini', max_tokens: 9 }, BadRequestError, 400,
     'unsupported_parameter', /Use 'max_completion_tokens' instead/],
    ['temperature for a model that thinks', null, { model: 'gpt-5-mini', temperature: 0 }, BadRequestError, 400,
     'unsupported_value', /Only the default \(1\)/],
    ['a schema that is open', null, { response_format: { type: 'json_schema', json_schema: {
        name: 'x', strict: true, schema: { type: 'object', properties: {} } } } }, BadRequestError, 400,
     'invalid_json_schema', /'additionalProperties' is required/],
    ['JSON without the word', null, { response_format: { type: 'json_object' } }, BadRequestError, 400, null,
     /must contain the word 'json'/],
    ['no credit', 'openai-broke', {}, RateLimitError, 429, 'insufficient_quota', /check your plan and billing/],
    ['overloaded', 'openai-busy', {}, InternalServerError, 503, 'server_is_overloaded', /overloaded/],
    ['a request larger than the window', 'openai-limits', { max_tokens: 5000 }, RateLimitError, 429,
     'rate_limit_exceeded', /Request too large .* Limit 1000, Requested 5001/],
];
for (const [name, key, more, kind, status, code, words] of openaiErrors)
    await test(`openai: ${name}`, async () => {
        const error = await thrown(ask('a', more, key ? openai(key) : client));
        assert.ok(error instanceof kind, error.constructor.name);
        assert.deepEqual([error.status, error.code], [status, code]);
        assert.match(error.message, words);
        return `${error.constructor.name} ${error.status} ${error.code}`;
    });
await test('openai: a day of one is spent', async () => {
    const spent = openai('openai-spent');
    await ask('a', {}, spent);
    const error = await thrown(ask('b', {}, spent));
    assert.ok(error instanceof RateLimitError);
    assert.equal(error.type, 'requests');
    assert.match(error.message, /requests per day \(RPD\): Limit 1, Used 1, Requested 1\. Please try again in 2[34]h/);
    assert.ok(Number(error.headers.get('retry-after')) > 80000);
    return `${error.constructor.name} ${error.status} ${error.code}, ${error.message.match(/try again in \w+/)[0]}`;
});
await test('openai: without /v1', async () => {
    const error = await thrown(ask('a', {}, openai('openai-key-0123456789', address)));
    assert.ok(error instanceof NotFoundError);
    return `${error.constructor.name} ${error.status}`;
});
await test("openai: at another's base URL", async () => {
    const groq = openai('groq-key', `${address}/openai/v1`);
    assert.equal((await ask('tides', { colour: 'ignored' }, groq)).choices[0].message.content, 'echo: tides');
    const error = await thrown(ask('b', {}, groq));
    assert.ok(error instanceof RateLimitError);
    assert.equal(error.headers.get('x-ratelimit-limit-requests'), '1');
    return `${error.constructor.name} ${error.status} ${error.code}`;
});
await test('openai: a server that is not there', async () => {
    const error = await thrown(ask('a', {}, openai('k', 'http://127.0.0.1:9/v1')));
    assert.ok(error instanceof APIError);
    return error.constructor.name;
});

process.exit(failed ? 1 : 0);
