# A throw-away Debian with a real systemd as PID 1, by systemd-nspawn. To be sourced.
#
#   machine_base SUITE      makes or finds the tree of a release, and prints its path
#   machine_boot NAME TREE  boots an overlay of it in memory; the tree stays as it is
#   in_machine CMD…         runs CMD in the machine booted last; input, output and exit code pass through
#   machine_push SRC… DST   copies files into it
#   machine_kill            ends it, whatever state it is in, and what it left on the host
#
# The host's PID 1 need not be systemd. The machine has a network of its own with nothing but `lo`.

CACHE=${SYSTEMD_TREES:-target/systemd}
# With another list of packages or another preparation below, another number: cached trees are made anew.
TREE_REVISION=1
TREE_PACKAGES=systemd,systemd-sysv,dbus,curl,procps,iproute2

MACHINE= LEADER= NSPAWN=

machine_base() {
    local suite=$1 tree=$CACHE/$1-$TREE_REVISION new
    mkdir -p "$CACHE"
    if [ ! -d "$tree" ]; then
        new=$(mktemp -d "$CACHE/new.XXXXXX")
        if [ -f "$tree.tar.zst" ]; then
            tar --zstd -xf "$tree.tar.zst" -C "$new"
        else
            machine_make "$suite" "$new" >&2
            tar --zstd -cf "$tree.tar.zst.new" -C "$new" . && mv "$tree.tar.zst.new" "$tree.tar.zst"
        fi
        chmod 755 "$new"
        mv "$new" "$tree"
    fi
    readlink -f "$tree"
}

machine_make() {
    if command -v mmdebstrap >/dev/null; then
        mmdebstrap --mode=root --variant=minbase --include="$TREE_PACKAGES" "$1" "$2"
    else
        debootstrap --variant=minbase --include="$TREE_PACKAGES" "$1" "$2"
    fi
    rm -rf "$2"/var/cache/apt/archives/*.deb "$2"/var/lib/apt/lists/*
    mkdir -p "$2/var/log/journal"
    echo localhost >"$2/etc/hostname"
    # Without an id of its own each boot would be the first one, and enable every unit there is.
    rm -f "$2/etc/machine-id"
    systemd-machine-id-setup --root="$2"
    ln -sf /dev/null "$2/etc/systemd/system/apt-daily.timer"
    ln -sf /dev/null "$2/etc/systemd/system/apt-daily-upgrade.timer"
}

# A machine's cgroup in every hierarchy in which nspawn makes its own. It is not shared: two machines
# that were started from one cgroup would use one tree.
machine_cgroups() {
    local root
    for root in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
        [ ! -f "$root/cgroup.procs" ] || echo "$root/$MACHINE"
    done
}

# `kill -0` finds zombies, too, and a PID 1 that is not systemd may leave them for a while.
is_alive() {
    local state
    state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)
    [ -n "$state" ] && [ "$state" != Z ]
}

machine_boot() {
    local tree=$2 group deadline=$((SECONDS + 60)) state
    MACHINE=$1 LEADER=
    CONSOLE=$(mktemp)
    for group in $(machine_cgroups); do mkdir -p "$group"; done
    (
        for group in $(machine_cgroups); do echo "$BASHPID" >"$group/cgroup.procs"; done
        # Only unified, and with bpf(2), does systemd enforce what the unit says of devices and addresses;
        # it does not tell that it does not.
        export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
        exec setsid systemd-nspawn --quiet --directory="$tree" --volatile=overlay --boot \
            --console=pipe --register=no --keep-unit --private-network \
            --kill-signal=SIGRTMIN+4 --resolv-conf=off --timezone=off --link-journal=no \
            --system-call-filter="bpf @keyring" --capability=CAP_BPF,CAP_PERFMON,CAP_SYSLOG \
            --machine="$MACHINE" </dev/null >"$CONSOLE" 2>&1
    ) &
    NSPAWN=$!
    disown "$NSPAWN"
    until [ -n "$LEADER" ] && [ -S "/proc/$LEADER/root/run/systemd/private" ]; do
        if [ "$SECONDS" -ge "$deadline" ] || ! is_alive "$NSPAWN"; then
            cat "$CONSOLE" >&2
            return 1
        fi
        for group in $(machine_cgroups); do
            LEADER=$(head -n1 "$group/payload/init.scope/cgroup.procs" 2>/dev/null || true)
            [ -z "$LEADER" ] || break
        done
        sleep 0.02
    done
    state=$(timeout 60 nsenter -t "$LEADER" -a systemctl is-system-running --wait || true)
    if [ "$state" != running ]; then
        in_machine systemctl --failed >&2
        return 1
    fi
}

in_machine() {
    nsenter -t "$LEADER" -a -- /usr/bin/env -i HOME=/root USER=root LANG=C.UTF-8 TERM=dumb \
        SYSTEMD_COLORS=0 SYSTEMD_PAGER=cat DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

machine_push() {
    cp -r --preserve=mode -- "${@:1:$#-1}" "/proc/$LEADER/root${*: -1}"
}

machine_kill() {
    local group pid deadline=$((SECONDS + 10))
    [ -n "$MACHINE" ] || return 0
    for group in $(machine_cgroups); do
        # It may have ended by itself meanwhile.
        [ ! -f "$group/cgroup.kill" ] || echo 1 >"$group/cgroup.kill" || true
    done
    for pid in $LEADER $NSPAWN; do
        case $(cat "/proc/$pid/comm" 2>/dev/null) in systemd*) kill -9 "$pid" 2>/dev/null || true ;; esac
    done
    while is_alive "$NSPAWN" && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.02; done
    for group in $(machine_cgroups); do
        while [ -d "$group" ] && [ "$SECONDS" -lt "$deadline" ]; do
            find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.02
        done
    done
    rm -f "$CONSOLE"
    MACHINE=
}
