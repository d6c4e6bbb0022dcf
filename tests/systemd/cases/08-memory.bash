# The memory of ticketd alone, after a thousand tickets.

install_and_wait
main=$(prop MainPID)
rss() { in_machine sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$main/status"; }
tell "before: $(rss) kB"
in_machine bash -c 'for i in {1..1000}; do
    echo "{\"1\": [{\"citizen\": \"六安市三十铺镇第$i号路灯不亮，半夜太黑了。\"}]}"
done' >"$work/calls.jsonl"
machine_push "$work/calls.jsonl" /root/calls.jsonl
begin=$SECONDS
check "1000 tickets" in_machine ticketd summarize --socket /run/ticketd/control.sock \
    /root/calls.jsonl -o /root/tickets.jsonl 2>/dev/null
tell "they took $((SECONDS - begin)) s"
same "tickets" 1000 "$(in_machine grep -c '"ticket":' /root/tickets.jsonl)"
same "the same process" "$main" "$(prop MainPID)"
tell "after: $(rss) kB"
check "at most 25 MB" [ "$(rss)" -le 25600 ]
