# A node over its memory_max is killed and restarted alone, while calls go on.

cp /root/ollama /usr/bin/ollama
settings '[nodes]
memory_max = "100M"
env.FAKE_BEHAVIOUR = "{\"runner\": true}"'
install
within 60 "3 nodes ready" has_ready 3
group=/sys/fs/cgroup/system.slice/ticketd.service
same "the limit in force" "$((100 << 20))" "$(cat $group/ollama-11435/memory.max)"
same "none of it is swap" 0 "$(cat $group/ollama-11435/memory.swap.max)"
takes() { curl -s http://127.0.0.1:8001/metrics | grep '^ticketd_node_memory_bytes{node="11435"} [1-9]' >/dev/null; }
within 30 "Prometheus is told what it takes" takes
main=$(prop MainPID)
others() { cat $group/ollama-11434/cgroup.procs $group/ollama-11436/cgroup.procs | sort | xargs; }
before=$(others)
node=$(cat $group/ollama-11435/cgroup.procs | xargs)
callers_begin
# What takes the memory belongs to the node, as a runner does.
sh -c "echo \$\$ >$group/ollama-11435/cgroup.procs; exec tail /dev/zero" || tell "the memory was taken"
is_other() { [ -n "$(cat $group/ollama-11435/cgroup.procs)" ] && ! cat $group/ollama-11435/cgroup.procs | grep -qwE "${node// /|}"; }
within 60 "the whole node is another one" is_other
within 60 "3 nodes ready" has_ready 3
callers_end "a node killed for its memory" 0
same "ticketd stayed" "$main" "$(prop MainPID)"
same "so did the other nodes" "$before" "$(others)"
told() { journal -u "$UNIT" TICKETD_NODE=11435 -o cat | grep -q 'out of memory (nodes.memory_max = 100M)'; }
within 10 "the journal tells why" told

settings '[nodes]
memory_max = "200M"
env.FAKE_BEHAVIOUR = "{\"runner\": true}"'
same "reload with another limit" 0 "$(systemctl reload "$UNIT"; echo $?)"
raised() { [ "$(cat $group/ollama-*/memory.max | sort -u)" = "$((200 << 20))" ]; }
within 10 "it holds at once" raised
same "no node was restarted for it" "$before" "$(others)"
