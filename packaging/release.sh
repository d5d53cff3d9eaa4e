#!/usr/bin/env bash
# Makes what a release consists of, in target/release-files:
#
#   the Debian package, and one with its debug symbols
#   the RPM
#   the stripped program, its debug symbols, and the static program (musl)
#   a list of all crates in it (SBOM, CycloneDX), and the checksums of all files
#
#   packaging/release.sh              all of it
#   packaging/release.sh --no-static  without the static program
#
# It needs cargo-deb, cargo-generate-rpm and cargo-cyclonedx (cargo install --locked NAME), and for
# the static program the target x86_64-unknown-linux-musl (rustup target add) and musl-gcc (Debian:
# musl-tools).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly MUSL=x86_64-unknown-linux-musl
readonly OUT=target/release-files
static=true
case "${1:-}" in
    '') ;;
    --no-static) static=false ;;
    *) sed -n '2,/^set/{/^#/p}' "$0"; exit 2 ;;
esac

version="$(cargo pkgid | sed 's/.*[@#]//')"
name="beamlive-$version-$(uname -m)"
# The same sources make the same files.
SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"
export SOURCE_DATE_EPOCH

rm -rf "$OUT"
mkdir -p "$OUT"

# strip_into BINARY NAME: a stripped copy, and its debug symbols in a file of their own.
strip_into() {
    objcopy --only-keep-debug --compress-debug-sections "$1" "$OUT/$2.debug"
    objcopy --strip-all --add-gnu-debuglink="$OUT/$2.debug" "$1" "$OUT/$2"
    chmod 755 "$OUT/$2"
    chmod 644 "$OUT/$2.debug"
}

echo "==> the program"
cargo build --locked --release --bin beamlive
rm -rf target/manual
target/release/beamlive manual target/manual
strip_into target/release/beamlive "$name"

echo "==> the packages"
cargo deb --no-build --output "$OUT"
cp "$OUT/$name" target/release/beamlive.stripped
cargo generate-rpm --auto-req disabled --output "$OUT"

if $static; then
    echo "==> the static program"
    cargo build --locked --release --bin beamlive --target "$MUSL"
    strip_into "target/$MUSL/release/beamlive" "$name-static"
fi

echo "==> the list of crates"
cargo cyclonedx --format json --override-filename beamlive-sbom
mv beamlive-sbom.json "$OUT/beamlive-$version.cdx.json"
git ls-files --others --exclude-standard -- '*beamlive-sbom.json' | xargs --no-run-if-empty rm --

echo "==> the checksums"
(cd "$OUT" && sha256sum -- * >SHA256SUMS && sha256sum --check --quiet SHA256SUMS)
ls -l "$OUT"
