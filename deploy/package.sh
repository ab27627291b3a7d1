#!/usr/bin/env bash
# Makes the Debian package, with man pages and completions as the program prints them. Takes cargo-deb:
#
#     cargo install cargo-deb --locked
#     deploy/package.sh [--no-build] [--revision N]
#
# Standard output is the package's path, under target/debian. DEBFULLNAME and DEBEMAIL, where they are set,
# say who maintains it.
set -euo pipefail
cd "$(dirname "$0")/.."

build=yes revision=1
while [ $# -gt 0 ]; do
  case $1 in
    --no-build) build=no ;;
    --revision) revision=${2:?a number}; shift ;;
    *) echo "usage: $0 [--no-build] [--revision N]" >&2; exit 2 ;;
  esac
  shift
done
if ! command -v cargo-deb >/dev/null; then
  echo "$0: there is no cargo-deb; cargo install cargo-deb --locked" >&2
  exit 2
fi

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
maintainer=$(sed -n 's/^maintainer = "\(.*\)"/\1/p' crates/vigia/Cargo.toml)
[ -z "${DEBEMAIL-}" ] || maintainer="${DEBFULLNAME:-vigia} <$DEBEMAIL>"
# The commit's time and not this one's: the same commit makes the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

[ $build = no ] || cargo build --release --locked -p vigia >&2
program=${CARGO_TARGET_DIR:-target}/release/vigia
made=target/package
rm -rf "$made"
mkdir -p "$made/man" "$made/completions"

# `vigia man` prints all pages in a row; each opens with the same line.
"$program" man | awk -v to="$made/man" '
  /^\.ie / { close(page); page = ""; head = "" }
  page == "" { head = head $0 "\n" }
  /^\.TH / { page = to "/" $2 ".1"; printf "%s", head > page; next }
  page != "" { print > page }'
"$program" completions bash >"$made/completions/vigia"
"$program" completions zsh >"$made/completions/_vigia"
"$program" completions fish >"$made/completions/vigia.fish"
cat >"$made/changelog" <<END
vigia ($version-$revision) unstable; urgency=medium

  * What changed stands in /usr/share/doc/vigia/changelog.gz.

 -- $maintainer  $(date -uRd "@$SOURCE_DATE_EPOCH")
END

cargo deb --quiet --no-build -p vigia --deb-revision "$revision" --maintainer "$maintainer" \
  -o target/debian/ >&2
echo "target/debian/vigia_$version-${revision}_$(dpkg --print-architecture).deb"
