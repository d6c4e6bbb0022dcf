# The same trees on a kernel of their own: User-Mode-Linux, which needs no KVM and no module. There
# systemd owns every controller of cgroup2, so limits of memory hold, which an nspawn in a container
# cannot show. A boot takes 10 s, and system calls are ten times as slow. To be sourced.

# kernel_run TREE CASE FILE…: runs a case inside, with the checks of checks.bash; the FILEs lie in /root.
kernel_run() {
    local tree=$1
    shift
    unshare --mount --propagation private -- bash -euo pipefail -s "$tree" "$@" <<'OUTSIDE'
tree=$1 case=$2
shift 2
memory=$(mktemp -d)
trap 'umount -l "$memory/machine" "$memory" 2>/dev/null; rmdir "$memory"' EXIT
mount -t tmpfs -o size=2g tmpfs "$memory"
mkdir "$memory"/{upper,work,machine,tmp}
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$memory/upper,workdir=$memory/work" "$memory/machine"
root=$memory/machine
cp tests/systemd/checks.bash "$@" "$root/root/"
cp "$case" "$root/root/case"
cat >"$root/root/job" <<'INSIDE'
set -euo pipefail
in_machine() { "$@"; }
machine_push() { cp -r --preserve=mode -- "$@"; }
DEB=/root/package.deb
export DEBIAN_FRONTEND=noninteractive SYSTEMD_COLORS=0 SYSTEMD_PAGER=cat LANG=C.UTF-8
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The root's file system makes every file root's; what services make for themselves lies in memory.
for directory in lib cache log; do
    mkdir -p "/var/$directory/ticketd"
    mount -t tmpfs tmpfs "/var/$directory/ticketd"
done
. /root/checks.bash
. /root/case
INSIDE
cat >"$root/etc/systemd/system/job.service" <<'UNIT'
[Unit]
After=basic.target dbus.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c '/bin/bash /root/job >/root/output 2>&1; echo $$? >/root/status'
ExecStopPost=/bin/systemctl poweroff --no-block
[Install]
WantedBy=multi-user.target
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../job.service "$root/etc/systemd/system/multi-user.target.wants/job.service"
for unit in getty.target systemd-logind.service; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
# In a process group of its own it would not see Ctrl-C.
TMPDIR=$memory/tmp timeout --foreground 300 linux.uml mem=1G root=/dev/root rootfstype=hostfs rootflags="$root" rw \
    con=null con0=fd:0,fd:1 systemd.show_status=no quiet </dev/null >"$memory/console" 2>&1 || true
cat "$root/root/output" 2>/dev/null || tail -n 40 "$memory/console"
exit "$(cat "$root/root/status" 2>/dev/null || echo 124)"
OUTSIDE
}
