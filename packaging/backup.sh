#!/bin/sh
# Takes a backup, and removes the oldest ones when the new one is whole.
set -eu
umask 077

FOLDER="${FOLDER:-/var/backups/beamlive}"
KEEP="${KEEP:-14}"
URL="${URL:-http://127.0.0.1:8000}"
TOKEN_FILE="${TOKEN_FILE:-/var/lib/beamlive/admin.token}"

case "$KEEP" in
    '' | *[!0-9]* | 0) echo "KEEP must be a number above 0, not '$KEEP'" >&2; exit 2 ;;
esac

# The name sorts by time.
new="$FOLDER/beamlive-$(date -u +%Y%m%dT%H%M%SZ).backup"
beamlive backup "$new" --url "$URL" --token-file "$TOKEN_FILE"

# Only files with such a name are removed, and only after a backup that is whole.
count=0
for file in $(printf '%s\n' "$FOLDER"/beamlive-????????T??????Z.backup | sort -r); do
    count=$((count + 1))
    if [ "$count" -gt "$KEEP" ]; then
        rm -- "$file"
        echo "removed $file"
    fi
done
