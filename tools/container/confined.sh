#!/bin/sh
# Run a command as the Containerfile's image would: as user 10001, without a home, on a read-only file system, without a network.
# It needs Linux, root and util-linux (unshare, setpriv), and no container tool.
#
#   tools/container/confined.sh [--volume FOLDER:PATH[:ro]]... [--link PATH]... [--env NAME=VALUE]... COMMAND [ARGUMENT]...
#
# --volume  a folder of this machine, and where the command sees it
# --link    a file or folder that the command sees, read-only, where it is
# --env     an environment variable; others are not passed on
set -eu

if [ "${CONFINED:-}" = "" ]; then
    CONFINED=$(mktemp -d)
    export CONFINED
    trap 'rmdir "$CONFINED"' EXIT
    # Signals reach the command only through this process; it is the first of its own process namespace.
    unshare --mount --net --pid --ipc --uts --fork --kill-child "$0" "$@" &
    child=$!
    trap 'kill -TERM "$(ps -o pid= --ppid "$child" | head -n 1)" 2>/dev/null || kill -TERM "$child"' TERM INT
    code=0
    while kill -0 "$child" 2>/dev/null; do wait "$child" && code=0 || code=$?; done
    exit "$code"
fi

root=$CONFINED
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir "$root/tmp" "$root/proc" "$root/dev" "$root/data" "$root/out" "$root/cache"
chmod 1777 "$root/tmp"

show() { # $1: what; $2: where; $3: ro or rw
    mkdir -p "$(dirname "$root$2")"
    if [ -d "$1" ]; then mkdir -p "$root$2"; else : > "$root$2"; fi
    mount --rbind "$1" "$root$2"
    [ "$3" = rw ] || mount -o remount,bind,ro "$root$2"
}

for system in /usr /etc /sys; do show "$system" "$system" ro; done
for system in /bin /sbin /lib /lib32 /lib64; do # links into /usr, or folders on older systems
    if [ -L "$system" ]; then ln -s "$(readlink "$system")" "$root$system"; elif [ -d "$system" ]; then show "$system" "$system" ro; fi
done
for device in null zero full random urandom; do show "/dev/$device" "/dev/$device" rw; done
ln -s /proc/self/fd "$root/dev/fd"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777,size=512m tmpfs "$root/tmp"
ip link set lo up

environment="HOME=/nonexistent"
while :; do
    case "$1" in
    --volume)
        mode=rw
        pair=$2
        case "$pair" in *:ro) mode=ro pair=${pair%:ro} ;; esac
        show "${pair%%:*}" "${pair#*:}" "$mode"
        ;;
    --link) show "$2" "$2" ro ;;
    --env) environment="$environment
$2" ;;
    *) break ;;
    esac
    shift 2
done
mount -o remount,ro "$root"
[ -d "$root/data" ]

IFS='
'
# shellcheck disable=SC2086  # one variable a line
exec chroot "$root" setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs --bounding-set -all \
    env -i -C /data $environment "$@"
