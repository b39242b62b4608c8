#!/bin/sh
# run.sh - runs fuzz targets one after the other, from the fixtures on: tests/fuzz/run.sh [-s SECONDS] [NAME...]
# (csv, jsonl, schema, ...; default: all, 360 seconds each). Needs `cmake --preset fuzz && cmake --build --preset fuzz`.
# What each finds and covers is its last lines; a finding is a file in CORPUS/NAME.crash. CORPUS (build/fuzz/corpus,
# or TIDEMILL_CORPUS) is kept, so that the next time goes on from there.
set -u
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
targets="$root/build/fuzz/tests/fuzz"
corpus="${TIDEMILL_CORPUS:-$root/build/fuzz/corpus}"
seconds=360
[ "${1:-}" = -s ] && seconds=$2 && shift 2
[ $# -gt 0 ] || set -- csv jsonl json front_matter template schema archive saved_prompt source

# The readers' targets take how to read from their first bytes.
seed() { # NAME FOLDER
  case $1 in
    csv) for f in "$root"/fixtures/data/*.csv "$root"/fixtures/reviews.csv; do
           { printf '\000\010'; cat "$f"; } >"$2/seed.${f##*/}"
         done ;;
    jsonl) for f in "$root"/fixtures/data/*.json*; do { printf '\003'; cat "$f"; } >"$2/seed.${f##*/}"; done ;;
    json) cp "$root"/fixtures/data/*.json "$2" ;;
    front_matter) cp "$root"/fixtures/prompts/*.prompt "$2" ;;
    template) for f in "$root"/fixtures/prompts/*.prompt; do sed '1,/^---$/d' "$f" >"$2/seed.${f##*/}"; done
              printf '{{#each a as |i k|}}{{@index}}{{../x}}{{#if b}}{{else}}{{json this}}{{/if}}{{~> p y=1}}{{/each}}' >"$2/seed.each"
              printf '{{role "model"}}{{#with b}}{{lookup . "a"}}{{media url=x}}{{/with}}{{{{raw}}}}{{x}}{{{{/raw}}}}\000{"x": 1}' >"$2/seed.row" ;;
    schema) printf 'a: string, about\nb(enum): [x, y]\nc?: integer\nd(array, list):\n  e: number\n(*): any\n' >"$2/seed.pico"
            printf '{type: object, properties: {a: {type: [string, "null"]}}, required: [a]}' >"$2/seed.json" ;;
    saved_prompt) find "$root/fixtures/studio" "$root/fixtures/exports" -type f -size -40k \
                    -exec sh -c '{ printf 0; cat "$2"; } >"$1/seed.$(basename "$2")"' - "$2" {} \; ;;
    *) find "$root/fixtures/studio" "$root/fixtures/exports" -type f -size -40k -exec cp {} "$2" \; ;;
  esac
}

for name; do
  folder="$corpus/$name"
  [ -d "$folder" ] || { mkdir -p "$folder" && seed "$name" "$folder"; }
  echo "== $name"
  nice -n 19 "$targets/fuzz_$name" -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$corpus/$name.crash-" "$folder" >"$corpus/$name.log" 2>&1
  echo "status $?"
  grep -E '^#[0-9]+\s+DONE|^stat::(number_of_executed|peak_rss)|^==.*ERROR|^SUMMARY' "$corpus/$name.log"
done
