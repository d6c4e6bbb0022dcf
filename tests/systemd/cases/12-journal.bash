# A journald that hangs stops nobody.

install_and_wait
main=$(prop MainPID)
journald=$(in_machine systemctl show -P MainPID systemd-journald.service)
in_machine kill -STOP "$journald"
# Each is a record, more than journald's socket and ticketd's queue hold.
ask='for i in {1..20}; do curl -s -m 10 -o /dev/null -w "%{http_code}\n" "http://127.0.0.1:8001/health?[1-300]"; done'
same "answers while journald hangs" "6000 200" \
    "$(in_machine bash -c "$ask" | sort | uniq -c | xargs)"
same "status of /summarize" 200 "$(POST /summarize "$CALL")"
in_machine kill -CONT "$journald"
lost() { journal -u "$UNIT" TICKETD_EVENT=journal_unusable -o cat | grep -q 'some were lost'; }
asked() { GET /health >/dev/null && lost; }
within 10 "what was lost is counted" asked
same "the same process" "$main" "$(prop MainPID)"
same "restarts" 0 "$(prop NRestarts)"
