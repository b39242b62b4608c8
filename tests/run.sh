#!/bin/sh
# run.sh - builds tidemill and runs all of its tests. Installs what is missing (Debian, Ubuntu; as root or with
# sudo). From any folder, as any user. TIDEMILL_BUILD names another folder to build in.
set -u
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$root/tests/packages.sh"

say "Looking for the packages that build and tests need"
need test

folder=$(build_folder "$root") && mkdir -p "$folder" && [ -w "$folder" ] ||
  stop "can't write to the build folder; name another by TIDEMILL_BUILD=FOLDER"
folder=$(CDPATH='' cd -- "$folder" && pwd -P)
say "Building in $folder"
build "$root" "$folder"

say "Running the tests"
# No test talks to a service; keys and settings of the one who runs them stay out.
unset GEMINI_API_KEY GOOGLE_API_KEY OPENAI_API_KEY GEMINI_BASE_URL GOOGLE_GEMINI_BASE_URL OPENAI_BASE_URL \
  TIDEMILL_CONFIG TIDEMILL_STORE TIDEMILL_LEDGER
export no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost PYTHONDONTWRITEBYTECODE=1
ctest --test-dir "$folder" --output-on-failure --no-label-summary -j2 </dev/null
status=$?
if [ "$status" = 0 ]; then say "All tests passed"; else say "Some tests failed"; fi
exit "$status"
