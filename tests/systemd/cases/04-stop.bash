# Nothing that was accepted is lost by a stop, and nobody is refused over a restart, a crash and an upgrade.

settings "nodes.env.FAKE_BEHAVIOUR = '{\"delay_ms\": 300}'"
install_and_wait

callers_begin
in_machine systemctl restart "$UNIT"
within 15 "3 nodes ready" has_ready 3
callers_end restart 0

callers_begin
main=$(prop MainPID)
in_machine kill -9 "$main"
is_another() { [ "$(prop MainPID)" != "$main" ] && prop_is SubState running; }
within 10 "another process is ready" is_another
within 15 "3 nodes ready" has_ready 3
# The calls that were in flight at that moment are cut off; that is what a crash is.
callers_end crash any

callers_begin
machine_push "$NEWER" /root/newer.deb
in_machine dpkg -i /root/newer.deb >/dev/null </dev/null
within 15 "3 nodes ready" has_ready 3
same "version" "$(dpkg-deb -f "$NEWER" Version)" "$(in_machine dpkg-query -W -f '${Version}' ticketd)"
callers_end upgrade 0

# Three calls of nine seconds, and a stop that has five.
settings "nodes.env.FAKE_BEHAVIOUR = '{\"delay_ms\": 9000}'"
drop_in "[Service]
TimeoutStopSec=5"
in_machine systemctl restart "$UNIT"
within 15 "3 nodes ready" has_ready 3
for caller in 1 2 3; do
    POST /summarize "{\"1\": [{\"citizen\": \"我是$caller号，路灯不亮。\"}]}" >"$work/answer.$caller" &
done
in_flight() { [ "$(GET /lb-stats | grep -o '"in_flight": *1' | wc -l)" = 3 ]; }
within 5 "3 calls in flight" in_flight
begin=$EPOCHSECONDS
in_machine systemctl stop "$UNIT"
tell "systemctl stop took $((EPOCHSECONDS - begin)) s"
wait
same "answers" "200 200 200" "$(cat "$work"/answer.1) $(cat "$work"/answer.2) $(cat "$work"/answer.3)"
same "result" success "$(prop Result)"
same "processes of the user" 0 "$(all_of_user)"
check "the cgroup is gone" in_machine test ! -e /sys/fs/cgroup/system.slice/ticketd.service
