#!/usr/bin/env bash
# Cuts the power of a disk while the service writes to it, and fills one up.
#
#   tests/power-cut.sh [CUTS [ENGINE]...]     4 cuts, or as many as are given, over sled and fjall, or those given
#
# The disk is an ext4 image on a loop device; the power is cut with the file system's shutdown ioctl, which leaves its
# log unwritten. After each cut everything that was acknowledged must be there. To show that the cuts are worth
# something, they are then made with an fdatasync that does nothing: that must lose what was acknowledged.
#
# Needs root, loop devices, mkfs.ext4 and cc. Exits with 77, and says why, where one of them is missing.
set -uo pipefail
readonly HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$HERE" || exit 1

readonly IMAGE_MIB=256
readonly SKIPPED=77

# ---- what the test calls: the disk is in the environment ---------------------------------------------------------

remount() {
    umount "$POWER_DISK/mnt" && mount -o loop,commit=60 "$POWER_DISK/image" "$POWER_DISK/mnt"
}

case "${1:-}" in
    cut) exec "$POWER_DISK/shutdown" "$POWER_DISK/mnt" ;;
    mend) remount; exit ;;
    room) rm "$POWER_DISK/mnt/ballast"; exit ;;
esac

# ---- what a person calls -----------------------------------------------------------------------------------------

skip() {
    echo "power cuts are skipped: $*"
    exit "$SKIPPED"
}

((EUID == 0)) || skip "they need root, to mount a disk of their own"
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

# A new disk in the place of the one before.
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

# Without the sync it must fail, and for no other reason than that something is gone.
loses() {
    ! run_test BEAMLIVE_TEST_CUTS="$CUTS" BEAMLIVE_TEST_PRELOAD="$POWER_DISK/unsynced.so" \
        bash -c 'suite acknowledged_records_survive_power_cuts' \
        && grep -aE 'acknowledged, and not there|is none of|is gone|is damaged|can.t be read|can.t be trusted|nothing that says it is a store' "$OUTPUT"
}

for BEAMLIVE_TEST_ENGINE in "${ENGINES[@]}"; do
    export BEAMLIVE_TEST_ENGINE

    what="$BEAMLIVE_TEST_ENGINE: $CUTS power cuts, and all that was acknowledged is there"
    new_disk || exit 1
    verdict run_test BEAMLIVE_TEST_CUTS="$CUTS" bash -c 'suite acknowledged_records_survive_power_cuts'
    grep -a '^cut\|does the same again' "$OUTPUT"

    what="$BEAMLIVE_TEST_ENGINE: without the fdatasync, what was acknowledged is lost"
    new_disk || exit 1
    verdict loses

    what="$BEAMLIVE_TEST_ENGINE: a full disk ends writing, and a restart with room carries on"
    new_disk || exit 1
    free_kib="$(df --output=avail "$POWER_DISK/mnt" | tail -n 1)"
    # What the service leaves free, and a little that it may fill.
    case "$BEAMLIVE_TEST_ENGINE" in
        fjall) left_mib=$((160 + 12)) ;;
        *) left_mib=$((32 + 12)) ;;
    esac
    fallocate -l "$((free_kib - left_mib * 1024))K" "$POWER_DISK/mnt/ballast" || exit 1
    verdict run_test bash -c 'suite a_full_disk_turns_writes_off_and_a_restart_with_room_continues'
done

exit "$failed"
