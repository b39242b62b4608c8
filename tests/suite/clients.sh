#!/bin/sh
# The official JavaScript clients of both APIs against `tidemill simulate`. Needs node and npm, which fetches them into
# a temporary folder; run by hand: TIDEMILL=build/dev/tidemill tests/suite/clients.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tidemill=${TIDEMILL:-$here/../../build/dev/tidemill}
tidemill=$(cd "$(dirname "$tidemill")" && pwd)/$(basename "$tidemill")
folder=$(mktemp -d)
twin=
trap '[ -z "$twin" ] || kill "$twin" 2>/dev/null || true; rm -rf "$folder"' EXIT INT TERM

cp "$here/clients.mjs" "$folder/"
cat >"$folder/accounts.yaml" <<YAML
- {name: gemini, provider: gemini, key: gemini-key}
- {name: gemini-spent, provider: gemini, key: gemini-spent, rpm: 1, rpd: 20}
- {name: gemini-broke, provider: gemini, key: gemini-broke, credit: 0}
- {name: gemini-busy, provider: gemini, key: gemini-busy, fail: {overloaded: 1}}
- {name: openai, provider: openai, key: openai-key-0123456789}
- {name: openai-spent, provider: openai, key: openai-spent, rpd: 1}
- {name: openai-broke, provider: openai, key: openai-broke, credit: 0}
- {name: openai-busy, provider: openai, key: openai-busy, fail: {overloaded: 1}}
- {name: openai-limits, provider: openai, key: openai-limits, rpm: 3, tpm: 1000, rpd: 200}
- {name: groq, provider: groq, key: groq-key, rpd: 1}
YAML
cd "$folder"
npm install --silent --no-save --ignore-scripts --prefix "$folder" openai@7.57.0 @google/genai@3.1.0 >/dev/null
"$tidemill" simulate --accounts accounts.yaml >address 2>/dev/null &
twin=$!
until [ -s address ]; do sleep 0.1; done
env -u OPENAI_API_KEY -u GEMINI_API_KEY -u GOOGLE_API_KEY TWIN="$(cat address)" node clients.mjs
