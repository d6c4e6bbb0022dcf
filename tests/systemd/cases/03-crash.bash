# Whatever is killed comes back by itself, and nothing is left behind.

settings "nodes.env.FAKE_BEHAVIOUR = '{\"runner\": true}'"
install_and_wait
# ticketd, three nodes, three runners.
within 10 "7 processes" has_count . 7

main=$(prop MainPID)
in_machine kill -9 "$main"
restarted() { [ "$(prop MainPID)" != "$main" ] && prop_is SubState running; }
within 5 "ticketd is back" restarted
within 15 "3 nodes ready" has_ready 3
within 10 "7 processes" has_count . 7
same "restarts" 1 "$(prop NRestarts)"
same "processes of the user" 7 "$(all_of_user)"

main=$(prop MainPID)
node=$(pids "$NODES" | head -n1)
in_machine kill -9 "$node"
node_gone() { ! pids "$NODES" | grep -qx "$node" && has_ready 3; }
within 15 "a killed node is back" node_gone
within 10 "7 processes" has_count . 7
same "ticketd stayed" "$main" "$(prop MainPID)"

runner=$(pids '^ollama runner\|^/usr/bin/ollama runner' | head -n1)
check "a runner is there" [ -n "$runner" ]
in_machine kill -9 "$runner"
# An idle Ollama does not tell that its runner is gone; the next call there shows it.
runner_back() {
    same "status of /summarize" 200 "$(POST /summarize "$CALL")"
    has_count . 7 && has_ready 3
}
within 20 "a killed runner is back" runner_back
check "it is another one" [ -z "$(pids runner | grep -x "$runner")" ]
same "ticketd stayed" "$main" "$(prop MainPID)"
same "processes of the user" 7 "$(all_of_user)"
