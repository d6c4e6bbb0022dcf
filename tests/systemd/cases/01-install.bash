# A bare Debian, an `ollama` program, the package: nothing else to do.

begin=${EPOCHREALTIME/./}
install
tell "dpkg -i took $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
within 10 "active" prop_is ActiveState active
within 10 "3 nodes ready" has_ready 3
same "enabled" enabled "$(prop UnitFileState)"
same "restarts" 0 "$(prop NRestarts)"
check "the control socket is the group's" \
    [ "$(in_machine stat -c '%U:%G %a' /run/ticketd/control.sock)" = "ticketd:ticketd 660" ]
check "the models directory is there" in_machine test -d /var/lib/ticketd/models
same "status of /summarize" 200 "$(POST /summarize "$CALL")"
same "exit code of ticketd check" 0 "$(in_machine ticketd check >/dev/null; echo $?)"
same "exit code of ticketd status" 0 "$(in_machine ticketd status >/dev/null; echo $?)"
same "groups" "render systemd-journal ticketd video" \
    "$(in_machine id -nG ticketd | tr ' ' '\n' | sort | xargs)"
for page in man1/ticketd.1 man1/ticketd-node-add.1 man5/ticketd.toml.5 man8/ticketd.service.8; do
    check "$page" in_machine sh -c "dpkg -L ticketd | grep -q /usr/share/man/$page.gz"
done

status_counts() { prop StatusText | grep -q '3/3 nodes ready'; }
within 10 "the status line counts the nodes" status_counts
tell "status: $(prop StatusText)"
has_lines() { [ "$(journal "${@:2}" -o cat | wc -l)" -ge "$1" ]; }
within 5 "a node's lines are its own in the journal" has_lines 1 -t ollama@11435
same "their unit" "$UNIT" "$(journal -t ollama@11435 -n 1 -o json --output-fields=_SYSTEMD_UNIT | sed 's/.*"_SYSTEMD_UNIT":"\([^"]*\)".*/\1/')"
within 5 "events have their field" has_lines 3 -u "$UNIT" TICKETD_EVENT=node_ready
within 5 "so have their nodes" has_lines 1 -u "$UNIT" TICKETD_EVENT=node_ready TICKETD_NODE=11435
has_request() { has_lines 1 -u "$UNIT" TICKETD_REQUEST_ID=of-the-test; }
same "status of a call with an id" 200 "$(POST /summarize "$CALL" -H 'X-Request-Id: of-the-test')"
within 5 "calls have their id there" has_request
in_machine kill -STOP "$(pids "$NODES" | head -n1)"
explained() { journal -u "$UNIT" -x TICKETD_EVENT=node_lost | grep -q 'Subject: ticketd: Node 1143'; }
within 60 "journalctl -x explains a node that does not answer" explained
