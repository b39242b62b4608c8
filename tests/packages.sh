# packages.sh - what a machine needs to build tidemill and to run its tests, and how to get it. Sourced by
# tests/run.sh and docs/quickstart.sh.

build_packages="gcc libc6-dev cmake ninja-build pkgconf ca-certificates tzdata
  libcurl4-openssl-dev libjansson-dev libsqlite3-dev libarchive-dev libglib2.0-dev libyaml-dev
  libmicrohttpd-dev libmagic-dev libtree-sitter-dev"
test_packages="sqlite3 python3 zip unzip zstd xz-utils bzip2 file procps"

# The same asked of a machine without dpkg: tools, and libraries by their pkg-config names.
build_tools="cc cmake ninja pkg-config"
build_modules="glib-2.0 libcurl jansson sqlite3 libarchive yaml-0.1 libmicrohttpd libmagic tree-sitter"
test_tools="npm sqlite3 python3 zip unzip zstd xz bzip2"

say() { printf '\n== %s\n' "$*"; }
stop() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

missing_packages() { # PACKAGE...
  for package in "$@"; do
    case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" in
      "install ok installed") ;;
      *) printf '%s ' "$package" ;;
    esac
  done
}

install_by_apt() { # PACKAGE...
  if [ "$(id -u)" = 0 ]; then
    as_root=""
  elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root="sudo"
  else
    stop "these packages are missing, and only root can install them:
  apt-get install -y --no-install-recommends $*"
  fi
  say "Installing what is missing: $*"
  # A fresh machine has no list of packages; one that is some days old serves, until it does not.
  ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 && apt_install "$@" && return 0
  $as_root apt-get update -q </dev/null && apt_install "$@" ||
    stop "apt-get could not install: $*
  Is there a network, and do /etc/apt/sources.list or /etc/apt/sources.list.d name a mirror?"
}

apt_install() { # PACKAGE...
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null
}

# need build|test: installs what is missing for building, or for building and testing; returns only if all is there.
need() {
  packages=$build_packages tools=$build_tools
  [ "$1" = test ] && packages="$packages $test_packages" tools="$tools $test_tools"
  if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    missing=$(missing_packages $packages)
    # npm fetches the grammars for app sources. It may be there as another package's: that one would clash.
    [ "$1" != test ] || command -v npm >/dev/null || missing="$missing npm"
    [ -z "$missing" ] || install_by_apt $missing
    return 0
  fi
  missing=""
  for tool in $tools; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
  done
  if command -v pkg-config >/dev/null; then
    for module in $build_modules; do
      pkg-config --exists "$module" || missing="$missing $module"
    done
  fi
  [ -z "$missing" ] || stop "this machine has no apt-get, and these are missing:$missing
  Their Debian packages, to find the names here by:" $packages
}

# The folder to build in: TIDEMILL_BUILD, else build/ beside the sources, else one of this user's own.
build_folder() { # ROOT
  if [ -n "${TIDEMILL_BUILD:-}" ]; then
    printf '%s' "$TIDEMILL_BUILD"
  elif mkdir -p "$1/build" 2>/dev/null && [ -w "$1/build" ] &&
    { [ ! -e "$1/build/CMakeCache.txt" ] || [ -w "$1/build/CMakeCache.txt" ]; }; then
    printf '%s' "$1/build"
  elif mkdir -p "${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/tidemill/build" 2>/dev/null; then
    printf '%s' "${XDG_CACHE_HOME:-$HOME/.cache}/tidemill/build"
  else
    own="${TMPDIR:-/tmp}/tidemill-build-$(id -u)"
    mkdir -m 700 "$own" 2>/dev/null || [ -O "$own" ] || stop "can't write to $own; name a folder by TIDEMILL_BUILD"
    printf '%s' "$own"
  fi
}

# Configures and builds all of it in BUILD.
build() { # ROOT BUILD
  set -- "$1" "$2" ""
  # A cache that was made for sources elsewhere (a copied tree) is begun afresh.
  if [ -e "$2/CMakeCache.txt" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$1" "$2/CMakeCache.txt"; then
    set -- "$1" "$2" --fresh
  fi
  # A compiler newer than ours may warn of what ours did not: that is for CI to stop at, not for a user.
  cmake $3 -S "$1" -B "$2" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTIDEMILL_WERROR="${CI:-OFF}" >"$2.log" 2>&1 ||
    { cat "$2.log" >&2; stop "cmake could not configure the build"; }
  # What configuring left out is said once, in its own words.
  sed -n '/Building without/,/^$/p' "$2.log"
  rm -f "$2.log"
  cmake --build "$2" -j2 || stop "the build failed"
}
