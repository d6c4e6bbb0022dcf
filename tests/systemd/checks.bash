# What the cases ask of a machine, and how they tell what they saw. To be sourced.

UNIT=ticketd.service
URL=http://127.0.0.1:8001
CALL='{"1": [{"citizen": "六安市三十铺镇水韵东方小区地下车库半夜太吵了。"}]}'

# tell TEXT: what was measured.
tell() { printf '    %s\n' "$*"; }

# check WHAT CMD…: CMD must succeed.
check() {
    local what=$1
    shift
    if "$@"; then
        printf '    ok    %s\n' "$what"
    else
        printf '    WRONG %s: %s\n' "$what" "$*"
        explain
        exit 1
    fi
}

# same WHAT EXPECTED GOT
same() { check "$1: $3" [ "$2" = "$3" ]; }

# within SECONDS WHAT CMD…: CMD must succeed within that time; tells how long it took, and leaves it in TOOK.
within() {
    local limit=$1 what=$2 begin=${EPOCHREALTIME/./}
    shift 2
    until "$@"; do
        TOOK=$(((${EPOCHREALTIME/./} - begin) / 1000))
        if [ "$TOOK" -gt $((limit * 1000)) ]; then
            printf '    WRONG %s: not within %s s\n' "$what" "$limit"
            explain
            exit 1
        fi
        sleep 0.05
    done
    TOOK=$(((${EPOCHREALTIME/./} - begin) / 1000))
    printf '    ok    %s after %s ms (at most %s s)\n' "$what" "$TOOK" "$limit"
}

# broken: shows the line of the case that ends it; called when errexit is about to.
broken() {
    local frame line
    # What fails in a substitution is for who asked.
    [ "$BASH_SUBSHELL" = 1 ] || return 0
    for frame in "${!BASH_SOURCE[@]}"; do
        [[ ${BASH_SOURCE[frame]} == "$case" ]] || continue
        line=${BASH_LINENO[frame - 1]}
        printf '    WRONG %s:%s: %s\n' "$case" "$line" "$(sed -n "${line}s/^ *//p" "$case")"
    done
    explain
}

# What a failed check shows of the service.
explain() {
    in_machine systemctl status --no-pager --lines=0 "$UNIT" || true
    in_machine journalctl --sync || true
    in_machine journalctl --no-pager -u "$UNIT" -n 40 || true
}

# prop NAME: a property of the unit.
prop() { in_machine systemctl show -P "$1" "$UNIT"; }
prop_is() { [ "$(prop "$1")" = "$2" ]; }

# journal ARGS…: what the journal has, with nothing on its way.
journal() {
    in_machine journalctl --sync
    in_machine journalctl --no-pager -q "$@"
}

# mark: writes a line of its own into the journal and gives its place, for --cursor=. (--after-cursor= passes
# over the first line that is asked for, when the one at the cursor is not.)
mark() {
    in_machine systemd-cat -t mark echo here
    journal -t mark -n 1 -o cat --show-cursor | sed -n 's/^-- cursor: //p'
}

# GET PATH: the answer's body; fails unless it is a success.
GET() { in_machine curl -sS -m 30 -f "$URL$1"; }

# POST PATH BODY [CURL-ARGS…]: the status of the answer.
POST() { in_machine curl -s -m 60 -o /dev/null -w '%{http_code}' "$URL$1" -d "$2" "${@:3}"; }

is_ready() { in_machine curl -s -m 5 -f -o /dev/null "$URL/readyz"; }
ready_nodes() { in_machine ticketd status --json | grep -o '"state": *"ready"' | wc -l; }
has_ready() { [ "$(ready_nodes 2>/dev/null)" = "$1" ]; }

# pids PATTERN: the service's processes of this command line, by its cgroup and those below.
pids() {
    in_machine sh -c 'find /sys/fs/cgroup/system.slice/ticketd.service -name cgroup.procs -exec cat {} + 2>/dev/null' |
        while read -r pid; do
            in_machine cat "/proc/$pid/cmdline" 2>/dev/null | tr '\0' ' ' | grep -q "$1" && echo "$pid"
        done || true
}
count() { pids "$1" | wc -l; }
has_count() { [ "$(count "$1")" = "$2" ]; }
NODES='^ollama serve'
# Every process of the user, wherever it is; what is more than the service's own is an orphan.
all_of_user() { in_machine pgrep -c -u ticketd || true; }

# settings TEXT: a file of config.d.
settings() {
    in_machine mkdir -p /etc/ticketd/config.d
    in_machine tee /etc/ticketd/config.d/test.toml >/dev/null <<<"$1"
}

# drop_in TEXT: a drop-in of the unit.
drop_in() {
    in_machine mkdir -p "/etc/systemd/system/$UNIT.d"
    in_machine tee "/etc/systemd/system/$UNIT.d/test.conf" >/dev/null <<<"$1"
    in_machine systemctl daemon-reload
}

# install: the package, as an operator does; the service answers afterwards.
install() {
    machine_push "$DEB" /root/ticketd.deb
    in_machine dpkg -i /root/ticketd.deb >/dev/null </dev/null
}

# install_and_wait: …and its three nodes are ready.
install_and_wait() {
    install
    within 15 "3 nodes ready" has_ready 3
}

# callers_begin: six callers post one call after the other, each with words of its own.
callers_begin() {
    in_machine rm -rf /run/callers
    in_machine mkdir -p /run/callers
    local caller
    for caller in 1 2 3 4 5 6; do
        in_machine bash -s "$caller" >/dev/null 2>&1 <<'CALLER' &
number=0
while [ ! -e /run/callers/stop ]; do
    number=$((number + 1))
    curl -s -m 60 -o /dev/null -w '%{http_code} %{exitcode} %{time_total}\n' \
        http://127.0.0.1:8001/summarize \
        -d "{\"1\": [{\"citizen\": \"我是$1号，第$number次来电，路灯不亮。\"}]}" >>"/run/callers/$1"
done
CALLER
    done
    within 10 "6 callers have been answered" callers_answered 6
}
callers_answered() { [ "$(in_machine sh -c 'cat /run/callers/? 2>/dev/null | wc -l')" -ge "$1" ]; }

# callers_end WHAT FAILED: no connection was refused, and at most FAILED calls failed ("any": not looked at).
callers_end() {
    local more
    more=$(($(in_machine sh -c 'cat /run/callers/? | wc -l') + 12))
    within 30 "$1: callers go on" callers_answered "$more"
    in_machine touch /run/callers/stop
    wait
    local all refused failed longest
    all=$(in_machine sh -c 'cat /run/callers/? | wc -l')
    refused=$(in_machine sh -c 'cat /run/callers/?' | awk '$2 == 7' | wc -l)
    failed=$(in_machine sh -c 'cat /run/callers/?' | awk '$1 != 200' | wc -l)
    longest=$(in_machine sh -c 'cat /run/callers/?' | awk '$3 > most { most = $3 } END { print most }')
    tell "$1: $all calls, $refused refused, $failed failed, the longest $longest s"
    same "$1: refused" 0 "$refused"
    [ "$2" = any ] || same "$1: failed" "$2" "$failed"
}
