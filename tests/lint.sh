#!/bin/sh
# lint.sh - layout (clang-format), bugs (clang-tidy, cppcheck) over core, jobs and cmd; ends with 1 if one of them
# finds something. Minutes long, so no part of the tests. From any folder: lint.sh [BUILD], BUILD as cmake configured
# it (default: build/dev).
set -u
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
build=$(CDPATH='' cd -- "${1:-$root/build/dev}" && pwd -P) || exit 1
cd "$root" || exit 1
status=0

echo "== clang-format"
find core jobs cmd tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} + || status=1

echo "== clang-tidy"
find core jobs cmd -name '*.c' -print0 | xargs -0 -n 4 clang-tidy -quiet -p "$build" || status=1

echo "== cppcheck"
cppcheck --enable=warning,performance,portability --inline-suppr --std=c11 --quiet --error-exitcode=1 \
  --library=posix,gnu,gtk,sqlite3,libcurl,tests/house/cppcheck.cfg \
  --suppressions-list=tests/house/cppcheck.suppressions -I. -I"$build" core jobs cmd || status=1

exit "$status"
