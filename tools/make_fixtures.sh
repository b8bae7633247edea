#!/bin/sh
# Make the fixture recordings again: one run of each scene against the simulated devices. References change only by
#   delid replay fixtures/recordings/*.mcap --reference fixtures/reference --update-refs --reason "..."
set -eu
delid="${DELID:-.venv/bin/delid}"
out="$(mktemp -d)"
for scene in fixtures/scenes/*/; do
    name="$(basename "$scene")"
    facts="$($delid demo --headless --json --speed 50 --scene "$name" --runs "$out")"
    recording="$(printf '%s' "$facts" | sed -n 's/.*"recording": "\([^"]*\)".*/\1/p')"
    cp "$recording" "fixtures/recordings/$name.mcap"
    echo "$name: $(du -h "fixtures/recordings/$name.mcap" | cut -f1)"
done
rm -rf "$out"
