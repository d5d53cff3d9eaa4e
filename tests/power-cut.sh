#!/usr/bin/env bash
# Cuts the power of a disk while the service writes to it, and fills a disk.
#
#   tests/power-cut.sh [CUTS [ENGINE]...]     default: 4 cuts, with the engines sled and fjall
#
# The disk is an ext4 image on a loop device. The power is cut with the shutdown ioctl of the file
# system, which leaves its log unwritten. After each cut all acknowledged records must be there. To
# show that the cuts have an effect, they are repeated with an fdatasync that does nothing: then
# acknowledged records must be lost.
#
# Needs root, loop devices, mkfs.ext4 and cc. If one of them is missing, prints which and exits with
# 77.
set -uo pipefail
readonly HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$HERE" || exit 1

readonly IMAGE_MIB=256
readonly SKIPPED=77

# ---- called by the tests, with the disk in the environment --------------------------------------

remount() {
    umount "$POWER_DISK/mnt" && mount -o loop,commit=60 "$POWER_DISK/image" "$POWER_DISK/mnt"
}

case "${1:-}" in
    cut) exec "$POWER_DISK/shutdown" "$POWER_DISK/mnt" ;;
    mend) remount; exit ;;
    room) rm "$POWER_DISK/mnt/ballast"; exit ;;
esac

# ---- called by a person -------------------------------------------------------------------------

skip() {
    echo "power cuts are skipped: $*"
    exit "$SKIPPED"
}

((EUID == 0)) || skip "they need root to mount a disk"
command -v mkfs.ext4 >/dev/null || skip "there is no mkfs.ext4 (Debian: e2fsprogs)"
command -v cc >/dev/null || skip "there is no C compiler (Debian: build-essential)"
losetup --find >/dev/null 2>&1 || skip "there is no free loop device"

readonly CUTS="${1:-4}"
ENGINES=("${@:2}")
((${#ENGINES[@]})) || ENGINES=(sled fjall)
readonly ENGINES
POWER_DISK="$(mktemp -d)" || exit 1
export POWER_DISK
readonly OUTPUT="$POWER_DISK/output"

clean_up() {
    umount "$POWER_DISK/mnt" 2>/dev/null
    rm -rf "$POWER_DISK"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

cc -O1 -o "$POWER_DISK/shutdown" tests/power/shutdown.c || exit 1
cc -O1 -shared -fPIC -o "$POWER_DISK/unsynced.so" tests/power/unsynced.c || exit 1

# Replaces the disk by a new one.
new_disk() {
    umount "$POWER_DISK/mnt" 2>/dev/null
    rm -f "$POWER_DISK/image"
    mkdir -p "$POWER_DISK/mnt" \
        && truncate -s "${IMAGE_MIB}M" "$POWER_DISK/image" \
        && mkfs.ext4 -q -F "$POWER_DISK/image" \
        && mount -o loop,commit=60 "$POWER_DISK/image" "$POWER_DISK/mnt"
}

run_test() {
    env RUST_BACKTRACE=0 BEAMLIVE_TEST_DISK="$POWER_DISK/mnt" BEAMLIVE_TEST_POWER="$HERE/tests/power-cut.sh" "$@" >"$OUTPUT" 2>&1
}

suite() {
    cargo test --locked --test suite -- --ignored --exact --nocapture "crash::power::$1"
}
export -f suite

echo "building the tests"
cargo test --locked --test suite --no-run || exit 1

if ! { new_disk && umount "$POWER_DISK/mnt" && mount -o loop,commit=60 "$POWER_DISK/image" "$POWER_DISK/mnt"; }; then
    skip "an ext4 image can't be mounted here"
fi
if ! "$POWER_DISK/shutdown" "$POWER_DISK/mnt"; then
    skip "this kernel does not shut a file system down"
fi

failed=0
verdict() {
    if "$@"; then
        echo "ok: $what"
    else
        echo "FAILED: $what"
        tail -n 40 "$OUTPUT"
        failed=1
    fi
}

# Without the sync the test must fail, and only because records are lost.
loses() {
    ! run_test BEAMLIVE_TEST_CUTS="$CUTS" BEAMLIVE_TEST_PRELOAD="$POWER_DISK/unsynced.so" \
        bash -c 'suite acknowledged_records_survive_power_cuts' \
        && grep -aE 'acknowledged, and not there|is none of|is gone|is damaged|can.t be read|can.t be trusted|nothing that says it is a store' "$OUTPUT"
}

for BEAMLIVE_TEST_ENGINE in "${ENGINES[@]}"; do
    export BEAMLIVE_TEST_ENGINE

    what="$BEAMLIVE_TEST_ENGINE: all acknowledged records survive $CUTS power cuts"
    new_disk || exit 1
    verdict run_test BEAMLIVE_TEST_CUTS="$CUTS" bash -c 'suite acknowledged_records_survive_power_cuts'
    grep -a '^cut\|does the same again' "$OUTPUT"

    what="$BEAMLIVE_TEST_ENGINE: without the fdatasync, acknowledged records are lost"
    new_disk || exit 1
    verdict loses

    what="$BEAMLIVE_TEST_ENGINE: a full disk turns writes off, and a restart with room continues"
    new_disk || exit 1
    free_kib="$(df --output=avail "$POWER_DISK/mnt" | tail -n 1)"
    # The space that the service leaves free, and 12 MiB that it may use.
    case "$BEAMLIVE_TEST_ENGINE" in
        fjall) left_mib=$((160 + 12)) ;;
        *) left_mib=$((32 + 12)) ;;
    esac
    fallocate -l "$((free_kib - left_mib * 1024))K" "$POWER_DISK/mnt/ballast" || exit 1
    verdict run_test bash -c 'suite a_full_disk_turns_writes_off_and_a_restart_with_room_continues'
done

exit "$failed"
