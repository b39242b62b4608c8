#!/bin/sh
# quickstart.sh - a night in half a minute: installs what is missing, builds tidemill, starts a strict copy of the API on
# this machine, imports a sample export of AI Studio and runs it over a sample CSV under a small quota, so that one
# sees it pause and go on. No key, no service, nothing left behind. From any folder, as any user, again and again.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/tests/packages.sh"

say "Looking for the packages that the build needs"
need build
folder=$(build_folder "$root")
mkdir -p "$folder"
folder=$(CDPATH='' cd -- "$folder" && pwd -P)
say "Building in $folder"
build "$root" "$folder"
PATH=$folder:$PATH

show() { # COMMAND ARGUMENT...: shows a command, then runs it
  printf '\n$ %s\n' "$*"
  "$@"
}

work=$(mktemp -d "${TMPDIR:-/tmp}/tidemill-quickstart-XXXXXX")
twin=""
clean_up() {
  [ -z "$twin" ] || kill "$twin" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
cd "$work"

# Everything that tidemill keeps goes into the folder that is removed at the end.
unset GEMINI_API_KEY GOOGLE_API_KEY OPENAI_API_KEY GEMINI_BASE_URL GOOGLE_GEMINI_BASE_URL OPENAI_BASE_URL \
  TIDEMILL_CONFIG TIDEMILL_STORE TIDEMILL_LEDGER
export XDG_CONFIG_HOME="$work/config" XDG_DATA_HOME="$work/data" XDG_STATE_HOME="$work/state"
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1

say "Starting the copy of the API: 12 requests a minute, 40 a day; a minute takes 2 seconds here, a day 12"
tidemill simulate --rpm 12 --rpd 40 --minute 2s --day 12s --latency 50ms >address 2>twin.log &
twin=$!
tries=0
while [ ! -s address ]; do
  tries=$((tries + 1))
  [ "$tries" -le 100 ] && kill -0 "$twin" 2>/dev/null || { cat twin.log >&2; stop "the copy of the API did not start"; }
  sleep 0.1
done
url=$(grep -o 'http://[^ ]*' address | head -n 1)
echo "It listens at $url"

say "A config that names it, its windows and its quota; the key comes from a variable, never from a file"
mkdir -p config/tidemill
cat >config/tidemill/config.yaml <<END
windows: {minute: 2s, day: 12s}
accounts:
  rehearsal:
    provider: gemini
    base_url: $url
    key: \$REHEARSAL_KEY
    tier: free
    limits: {"*": {rpm: 12, rpd: 40}}
END
cat config/tidemill/config.yaml
export REHEARSAL_KEY=any-key-will-do-here

say "Is everything there that a night needs?"
show tidemill check

say "Importing a sample export of AI Studio"
cp "$root/fixtures/reviews.csv" .
show tidemill import "$root/fixtures/exports/reviews.zip" -o prompts
prompt=prompts/review-labels.prompt

say "What would be sent for the first row"
show tidemill preview "$prompt" reviews.csv -n 1

say "How long would it take?"
show tidemill plan "$prompt" reviews.csv

say "The night: 60 rows, 40 a day, so it pauses until the next day begins, and goes on by itself"
show tidemill run "$prompt" reviews.csv -o answers.csv

say "The answers, in the order of the input, beside its columns: the first 6 of $(($(wc -l <answers.csv) - 1))"
head -n 7 answers.csv

say "What is used and left, and when the day ends"
show tidemill quota

say "Done; $work is removed. Your own turn: export GEMINI_API_KEY=..., then tidemill import YOUR-EXPORT.zip"
