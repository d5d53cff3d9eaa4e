#!/usr/bin/env bash
# Installs the Debian package in a small Debian of its own, runs the service, takes backups,
# upgrades, removes and purges it, and has lintian look at it.
#
#   packaging/test.sh [BINARY]       target/debug/beamlive, if none is named
#
# It needs root, debootstrap, lintian and cargo-deb. Without them it exits with 77.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly TARGET="${CARGO_TARGET_DIR:-target}"
readonly BINARY="${1:-$TARGET/debug/beamlive}"
readonly SKIPPED=77
readonly SUITE=bookworm
readonly SECONDS_TO_START=60

skip() {
    echo "$*"
    exit "$SKIPPED"
}
((EUID == 0)) || skip "it needs root, to install into a root folder"
for program in debootstrap lintian cargo-deb systemd-analyze; do
    command -v "$program" >/dev/null || skip "there is no $program"
done

work="$(mktemp -d --tmpdir beamlive-package.XXXXXX)"
root="$work/root" service=''
passed=0

finish() {
    local code=$?
    if [[ -n "$service" ]]; then
        kill "$service" 2>/dev/null || true
        wait "$service" 2>/dev/null || true
    fi
    rm -rf -- "$work"
    exit "$code"
}
trap finish EXIT

# passes WHAT COMMAND...: a check.
passes() {
    local what="$1"
    shift
    if ! "$@" >"$work/said" 2>&1; then
        echo "FAILED: $what"
        cat "$work/said"
        echo "packages: $passed passed, 1 failed"
        exit 1
    fi
    echo "ok: $what"
    passed=$((passed + 1))
}
fails() { ! "$@"; }
in_root() { chroot "$root" "$@"; }
as_beamlive() { chroot --userspec=beamlive:beamlive "$root" "$@"; }
owner_and_mode() { [[ "$(in_root stat -c '%U:%G %a' "$1")" == "$2" ]]; }
enabled() { compgen -G "$root/etc/systemd/system/*.wants/beamlive*" >/dev/null; }
install_package() {
    cp "$1" "$root/tmp/beamlive.deb"
    in_root env DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold -i /tmp/beamlive.deb
}

# Runs the service as its unit does, and sets `url`.
start() {
    # The line of an earlier run must not be read.
    : >"$work/stdout"
    # A function in the background would be a shell of its own, and the signal would end that one.
    chroot --userspec=beamlive:beamlive "$root" setpriv --no-new-privs --inh-caps=-all \
        /usr/bin/beamlive serve --config /etc/beamlive/beamlive.toml --listen 127.0.0.1:0 \
        >"$work/stdout" 2>"$work/log" &
    service=$!
    local waited
    for ((waited = 0; waited < SECONDS_TO_START * 10; waited++)); do
        if url="$(sed -n 's/^listening on //p' "$work/stdout")" && [[ -n "$url" ]]; then
            return 0
        fi
        kill -0 "$service" || break
        sleep 0.1
    done
    cat "$work/log"
    return 1
}
stop() {
    local code=0
    kill "$service"
    wait "$service" || code=$?
    service=''
    return "$code"
}
client() { as_beamlive beamlive client --url "$url" --user alice --key /var/lib/beamlive/alice.key "$@"; }
upload() { client data /usr/share/doc/beamlive/dataset.json; }
# Runs the command of the backup's unit, with these variables instead of its own.
backup() {
    local command
    command="$(sed -n 's/^ExecStart=//p' packaging/beamlive-backup.service)"
    as_beamlive env "URL=$url" KEEP=2 FOLDER=/var/backups/beamlive \
        TOKEN_FILE=/var/lib/beamlive/admin.token "$@" sh -euc "$command"
}
kept() { find "$root/var/backups/beamlive" -name '*.backup' | wc -l; }

# ---- two versions of the package -----------------------------------------------------------------

rm -rf target/manual
"$BINARY" manual target/manual >/dev/null
# cargo-deb takes the program from the folder of release builds. This one is of the test.
mkdir -p "$work/target/release"
objcopy --strip-all "$BINARY" "$work/target/release/beamlive"
for version in 0.1.0-1 0.1.0-2; do
    CARGO_TARGET_DIR="$work/target" cargo deb --quiet --no-build --no-strip --no-dbgsym --fast \
        --deb-version "$version" --output "$work/$version.deb"
done

# The tag that is suppressed is about uploads to Debian itself.
passes "lintian finds nothing" lintian --fail-on error,warning \
    --suppress-tags initial-upload-closes-no-bugs "$work/0.1.0-1.deb"
for unit in beamlive.service beamlive-backup.service beamlive-backup.timer; do
    passes "$unit is right" env "unit=$unit" bash -c \
        '! systemd-analyze verify --man=no "packaging/$unit" 2>&1 | grep -F "$unit:" | grep -vF "is not executable"'
done
for unit in beamlive.service beamlive-backup.service; do
    # The threshold is ten times the level: above 2.0 it fails.
    passes "$unit is well locked in" systemd-analyze security --offline=true --threshold=20 "packaging/$unit"
done

# ---- a Debian ------------------------------------------------------------------------------------

base="$TARGET/package-root-$SUITE.tar"
if [[ ! -e "$base" ]]; then
    echo "making a Debian in $base"
    debootstrap --variant=minbase --include=adduser "$SUITE" "$work/base" >"$work/debootstrap" 2>&1 \
        || { tail -n 5 "$work/debootstrap"; exit 1; }
    tar --one-file-system -C "$work/base" -cf "$base.part" .
    mv "$base.part" "$base"
    rm -rf "$work/base"
fi
mkdir "$root"
tar -C "$root" -xf "$base"

# ---- install and run -----------------------------------------------------------------------------

passes "the package installs" install_package "$work/0.1.0-1.deb"
passes "there is a user of its own" in_root getent passwd beamlive
passes "the data is for that user alone" owner_and_mode /var/lib/beamlive "beamlive:beamlive 700"
passes "so are the backups" owner_and_mode /var/backups/beamlive "beamlive:beamlive 700"
passes "nothing is enabled" fails enabled
passes "there is a manual" test -s "$root/usr/share/man/man1/beamlive-serve.1.gz"
passes "shells complete commands" test -s "$root/usr/share/bash-completion/completions/beamlive"

cat >"$root/etc/beamlive/facility.toml" <<'END'
[[beamline]]
acronym = "BM"
name = "08B1-1"

[[project]]
username = "alice"
END
sed -i 's,^# facility = ,facility = ,' "$root/etc/beamlive/beamlive.toml"
cp examples/dataset.json "$root/usr/share/doc/beamlive/dataset.json"
passes "the service starts with an edited configuration" start
passes "a client registers a key" client register
passes "it uploads a dataset" upload

# ---- backups rotate ------------------------------------------------------------------------------

for _ in 1 2 3; do
    passes "a backup is taken" backup
    sleep 1.1
done
passes "two are kept" test "$(kept)" = 2
newest="$(find "$root/var/backups/beamlive" -name '*.backup' | sort | tail -n 1)"
passes "a backup that fails is a failure" fails backup URL=http://127.0.0.1:9
passes "and removes none" test "$(kept)" = 2
passes "KEEP=0 is refused" fails backup KEEP=0
passes "the newest can be restored" as_beamlive beamlive restore "${newest#"$root"}" \
    --data /var/lib/beamlive/restored
passes "and is right" as_beamlive beamlive verify --data /var/lib/beamlive/restored
passes "the service stops well" stop

# ---- upgrade, remove, purge ----------------------------------------------------------------------

passes "the package is upgraded" install_package "$work/0.1.0-2.deb"
passes "the edited configuration stays" grep -q '^facility = ' "$root/etc/beamlive/beamlive.toml"
passes "the service starts after the upgrade" start
token="$(cat "$root/var/lib/beamlive/admin.token")"
passes "the dataset is still there" curl -fsS -H "Authorization: Bearer $token" "$url/api/admin/data/1"
passes "the service stops well" stop

passes "the package is removed" in_root dpkg -r beamlive
passes "the program is gone" test ! -e "$root/usr/bin/beamlive"
passes "the configuration stays" test -e "$root/etc/beamlive/beamlive.toml"
passes "the data stays" test -e "$root/var/lib/beamlive/admin.token"
passes "the package is purged" in_root dpkg -P beamlive
passes "the data is gone" test ! -e "$root/var/lib/beamlive"
passes "the configuration is gone" test ! -e "$root/etc/beamlive/beamlive.toml"
passes "the backups stay" test "$(kept)" = 2
passes "and so does their owner" in_root getent passwd beamlive

rm "$root"/etc/beamlive/facility.toml "$root"/var/backups/beamlive/*
passes "it installs again" install_package "$work/0.1.0-2.deb"
passes "and is purged without having run" in_root dpkg -P beamlive
passes "nothing is left" fails compgen -G "$root/*/*/*beamlive*"
passes "nor a user" fails in_root getent passwd beamlive

echo "packages: $passed passed, 0 failed"
