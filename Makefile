# The recipes that CI runs, for people. `make check` is all of them.

.PHONY: check test fmt lint doc deny wedge demo faults overload cancel batch metrics bench bench-service million fuzz fuzz-api ui pictures grounding deb deb-again systemd

check: test fmt lint doc deny

test:
	cargo test --locked

fmt:
	cargo fmt --check

# The pure files know no runtime: style the compiler cannot check.
PURE = src/backoff.rs src/liveness/beats.rs src/node/lifecycle.rs src/node/lifecycle src/fleet/wanted.rs src/tokens.rs src/words.rs \
       src/balancer/breaker.rs src/balancer/cases.rs src/balancer/history.rs src/balancer/member.rs src/balancer/pool.rs src/balancer/pool \
       src/balancer/queue.rs src/balancer/queue src/balancer/scheduler.rs src/balancer/scheduler src/balancer/tally.rs \
       src/dispatch/budget.rs src/dispatch/cases.rs src/metrics.rs src/metrics \
       src/ollama/stream.rs src/ollama/text.rs src/ollama/repetition.rs src/place.rs src/place \
       src/ticket/transcript.rs src/ticket/prompt.rs src/ticket/parse.rs src/ticket/parse src/ticket/validate.rs src/ticket/validate \
       src/ticket/arbitrate.rs src/ticket/condense.rs src/ticket/quality.rs src/ticket/zone.rs src/ticket/extractive.rs src/ticket/extractive \
       src/cli/summarize/record.rs src/cli/summarize/line.rs src/cli/summarize/book.rs \
       src/cli/summarize/verdict.rs src/cli/summarize/tally.rs src/ticket/numerals.rs src/ticket/numerals \
       src/ticket/grounding.rs src/ticket/grounding src/ticket/check.rs src/ticket/check src/ticket/evaluate.rs src/ticket/evaluate
lint:
	cargo clippy --locked --all-targets -- -D warnings
	@ls -d $(PURE) >/dev/null
	! grep -rnE '\b(actix|actix_web|awc|tokio)::' $(PURE)

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

# cargo install cargo-deny --locked
deny:
	cargo deny --locked check bans licenses sources

# What only a build with faults on purpose shows: a wedged balancer ends the watchdog's pings.
wedge:
	cargo test --locked --features fault-injection --test it systemd::

demo:
	cargo run --locked -- demo

# The long forms of tests, one after the other and alone on the machine, with their numbers.
LONG = cargo test --locked --test it -- --ignored --nocapture --test-threads 1

# 60 calls in the first second after a start, three times for each fault of a node: none is lost.
# `make faults ROW=hang` runs only the rows with that in their name.
faults:
	ROW="$(ROW)" $(LONG) rows::

# Ten times more calls than the nodes can do for 30 s, with and without keep-alive.
overload:
	$(LONG) overload::

# A caller leaves 20 times before, amid and in the queue: how soon the node sees it.
cancel:
	$(LONG) cancel::

# A thousand records with `ticketd summarize`: how busy it keeps three nodes, and with ten kills.
batch:
	$(LONG) batch::

# Debian's Prometheus (apt-get install prometheus) scrapes a ticketd under load for a minute and finds every
# metric; its promtool likes metrics and alerts, and every alert does what its test says.
metrics:
	promtool check rules packaging/prometheus/ticketd.rules.yml
	promtool test rules packaging/prometheus/ticketd.rules.test.yml
	$(LONG) metrics::

# The pure parts, and the whole service side by side with direct calls and with Debian's nginx
# (apt-get install nginx-light), into BENCHMARKS.md; fails if a target is missed. Wants a machine that does nothing
# else. `make bench-service PART=latency` (load, slow, start) tells one part alone.
# With TICKETD_BENCH_ZONES=FILE zones are those of that file.
bench:
	cargo bench --locked --bench pure
	$(MAKE) bench-service

bench-service:
	cargo build --release --locked --example fake_ollama
	cargo bench --locked --bench service -- $(PART)

# A million texts of all kinds through the place-name corrector, each within a millisecond.
million:
	cargo test --release --locked --lib -- --ignored --nocapture a_million_texts

# Ten million answers of models, whole, mangled and arbitrary, through parser and validator: no panic,
# and what is accepted keeps the contract and is accepted again unchanged.
fuzz:
	cargo test --release --locked --lib -- --ignored --nocapture ten_million_answers

# Everything that /openapi.json says and forbids, tried by schemathesis over a ticketd with fakes: see
# tests/api/run. CI takes 20 examples. Needs Debian's python3-venv.
FUZZ_API = --max-examples 200
fuzz-api:
	cargo build --locked --bin ticketd --example fake_ollama
	tests/api/run $(FUZZ_API)

# The page at /ui in Debian's Chromium, over real ticketds with fakes: apt-get install chromium fonts-noto-cjk, and
# Node.js 18 or newer with npm. Pictures of each view come into target/ui.
ui:
	cargo build --locked --bin ticketd --example fake_ollama
	cd tests/ui && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund && node_modules/.bin/playwright test

# The README's pictures out of those: apt-get install pngquant.
pictures: ui
	mkdir -p docs
	pngquant --force --strip --quality 50-90 --output docs/ui-nodes.png target/ui/nodes-lost.png
	pngquant --force --strip --quality 50-90 --output docs/ui-workbench.png target/ui/workbench-ticket.png
	pngquant --force --strip --quality 50-90 --output docs/ui-load.png target/ui/load-hour.png

# Every fault that can be planted into the faithful tickets: at least 99 of 100 are found, and none is
# found where there is none. `make test` tries a part of them.
grounding:
	cargo test --release --locked --lib -- --ignored --nocapture every_planted_fault

# The package, in target/deb/debian: cargo install cargo-deb --locked --version 3.8.0
deb:
	packaging/deb/build
	lintian -E --pedantic --fail-on error,warning,info,pedantic,experimental \
	    target/deb/debian/ticketd_*.deb

# Another build of it, elsewhere, gives the same bytes.
deb-again:
	packaging/deb/compare

# The package in really booted systemds, as root: SUITES="bookworm trixie", CASES="03 07", all without.
# Needs systemd-container, user-mode-linux, debootstrap or mmdebstrap, zstd and nginx.
systemd:
	cargo build --locked --bin ticketd --features fault-injection
	mkdir -p target/systemd && cp target/debug/ticketd target/systemd/wedgeable
	cargo build --locked --example fake_ollama
	tests/systemd/run target/deb/debian/ticketd_*.deb target/debug/examples/fake_ollama target/systemd/wedgeable
