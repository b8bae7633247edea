#!/bin/sh
# OpenCV's wheel needs libGL and glib of the system. Provide them where we may, else say the one command.
python="$1"
"$python" -c 'import cv2' 2>/dev/null && exit 0
command="apt-get install -y libgl1 libglib2.0-0"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive $command -qq >/dev/null
    "$python" -c 'import cv2' && exit 0
fi
echo "OpenCV cannot be loaded. On Debian or Ubuntu run: sudo $command" >&2
exit 1
