//! `ticketd check`: every fault with file, line, key and remedy, and exit code 78.

use std::path::Path;

use crate::harness::command;

struct Checked {
    code: Option<i32>,
    out: String,
    error: String,
}

async fn check(folder: &Path, config: &str, environment: &[(&str, &str)]) -> Checked {
    let file = folder.join("config.toml");
    std::fs::write(&file, config).expect("a writable folder");
    let mut command = command(environment);
    let output = command.args(["check", "--config"]).arg(&file).output().await.expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Checked { code: output.status.code(), out: text(output.stdout), error: text(output.stderr) }
}

#[actix_web::test]
async fn a_reader_that_leaves_early_is_no_failure() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = command(&[]);
    let output = command.arg("check").stdout(writer).output().await.expect("it runs");
    let error = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!((output.status.code(), error.as_str()), (Some(0), ""));
}

#[actix_web::test]
async fn broken_configurations_are_told_with_file_line_key_and_remedy() {
    let table = [
        (
            "[nodes]\n\nprots = [1]\n",
            3,
            "nodes.prots",
            "unknown key; remove it or use one of `program`",
        ),
        (
            "[server]\nlisten = 8001\n",
            2,
            "server.listen",
            "write it like the default, listen = \"127.0.0.1:8001\"",
        ),
        (
            "[balancer]\ncall_timeout = 120\n",
            2,
            "balancer.call_timeout",
            "a duration in quotes such as \"30s\"",
        ),
        (
            "[balancer]\ncall_timeout = \"soon\"\n",
            2,
            "balancer.call_timeout",
            "\"500ms\" or \"2m\"",
        ),
        (
            "[nodes]\nports = [\n  11434,\n  11435,\n  11434,\n]\n",
            5,
            "nodes.ports[2]",
            "every node needs a port of its own",
        ),
        (
            "[nodes]\nports = [8001]\n",
            2,
            "nodes.ports[0]",
            "is the port of server.listen; choose another",
        ),
        ("[nodes]\nports = []\n", 2, "nodes.ports", "there is no node; name a port"),
        (
            "[nodes]\nports = []\nendpoints = [\n\"https://gpu:11434\"]\n",
            4,
            "nodes.endpoints[0]",
            "not supported yet; use http://",
        ),
        (
            "[nodes]\nendpoints = [\"http://localhost:11434\"]\n",
            2,
            "nodes.endpoints[0]",
            "remove it from one of the two",
        ),
        ("[nodes]\nmemory_max = 1000\n", 2, "nodes.memory_max", "use 32M to 1024T"),
        ("[nodes]\nmemory_max = \"12 GB\"\n", 2, "nodes.memory_max", "a string such as \"12G\""),
        (
            "[[nodes.node]]\nport = 11435\n",
            2,
            "nodes.node[0].port",
            "is not in nodes.ports; add it there",
        ),
        (
            "[server]\nlisten = \"0.0.0.0:8001\"\n",
            2,
            "server.listen",
            "name a server.tokens_file, or set server.allow_anonymous = true",
        ),
        (
            "[server]\nlisten = \"0.0.0.0:8001\"\ntokens_file = \"/no/such\"\n",
            3,
            "server.tokens_file",
            "that the user that ticketd runs as may read it",
        ),
        (
            "[server]\nadmin_tokens_file = \"/dev/null\"\n",
            2,
            "server.admin_tokens_file",
            "write one a line, made by `openssl rand -hex 32`",
        ),
        (
            "[server]\ncontrol_socket = \"/\"\n",
            2,
            "server.control_socket",
            "like \"/run/ticketd/control.sock\"",
        ),
        (
            "[balancer]\npolicy = \"fastest\"\n",
            2,
            "balancer.policy",
            "`least-busy` or `round-robin`",
        ),
        ("[server]\nmax_connections = 0\n", 2, "server.max_connections", "use 1 to 1048576"),
        ("[server]\nheader_timeout = \"0s\"\n", 2, "server.header_timeout", "at most \"7d\""),
        ("[server]\nidempotency_bytes = 1\n", 2, "server.idempotency_bytes", "use 65536 to"),
        ("[server]\nidempotency_ttl = \"1\"\n", 2, "server.idempotency_ttl", "or \"0s\""),
        ("[balancer]\nattempts = 0\n", 2, "balancer.attempts", "use 1 to 100"),
        (
            "[model.options]\ntemprature = 0.1\n",
            2,
            "model.options.temprature",
            "unknown key; remove it or use one of `temperature`",
        ),
        ("[nodes.env]\nOLLAMA_HOST = \"x\"\n", 2, "nodes.env.OLLAMA_HOST", "use nodes.ports"),
        (
            "[place]\n\n\nlocation_file = \"/no/such\"\n",
            4,
            "place.location_file",
            "check the path and the permissions",
        ),
        ("[ticket]\nprompt_file = \"/no/such\"\n", 2, "ticket.prompt_file", "check the path"),
        ("[ticket]\nprompt_file = \"/dev/null\"\n", 2, "ticket.prompt_file", "regular file"),
        ("[place]\nhome = \"刘安市\"\n", 2, "place.home", "write its full name or its code"),
        ("[place]\ndialect = \"n=an\"\n", 2, "place.dialect", "such as \"n=l\""),
        ("[place]\nauto = \"always\"\n", 2, "place.auto", "`strict`"),
        ("[log]\nlevel = \"loud\"\n", 2, "log.level", "use error, warn, info, debug or trace"),
        ("[server]\nlisten = \"127.0.0.1:8001\n", 2, "server.listen", "correct this line"),
        (
            "[server]\nlisten = \"localhost:8001\"\n",
            2,
            "server.listen",
            "like the default, listen = \"127.0.0.1:8001\"",
        ),
        ("[nodes]\nports = [1, 70000]\n", 2, "nodes.ports[1]", "like the default, ports = [11434]"),
        ("[nodes]\nslots = -1\n", 2, "nodes.slots", "like the default, slots = 1"),
        ("[nodes]\nslots = 4294967295\n", 2, "nodes.slots", "use 1 to 1024"),
        ("[server]\nrequest_timeout = \"900d\"\n", 2, "server.request_timeout", "at most \"7d\""),
        ("[server]\nworkers = 513\n", 2, "server.workers", "use 0 to 512"),
        ("[model.options]\ntop_p = 7\n", 2, "model.options.top_p", "use 0 to 1"),
        ("[model.options]\ntemperature = nan\n", 2, "model.options.temperature", "use 0 to 5"),
        ("[model]\nname = \"a b\"\n", 2, "model.name", "no blanks"),
        ("[model]\nkeep_alive = \"5 min\"\n", 2, "model.keep_alive", "use -1 or a string like"),
        ("[model]\nkeep_alive = \"soon\"\n", 2, "model.keep_alive", "use -1 or a string like"),
        ("[[nodes.node]]\nslots = 1\n", 1, "nodes.node[0]", "`port` is missing; add it"),
        ("[log]\nlevel = \"info\"\nlevel = \"warn\"\n", 3, "log.level", "every key stands once"),
        (
            "[nodes]\nendpoints = [\"http://gw/a\", \"http://gw/a/api/generate\"]\n",
            2,
            "nodes.endpoints[1]",
            "is listed twice; remove one",
        ),
        (
            "[sever]\nlisten = \"127.0.0.1:1\"\n",
            1,
            "sever",
            "unknown key; remove it or use one of `server`",
        ),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (config, line, key, remedy) in table {
        let checked = check(folder.path(), config, &[]).await;
        let place = format!("{}:{line}: {key}: ", folder.path().join("config.toml").display());
        assert_eq!(checked.code, Some(78), "{config}{}", checked.error);
        assert!(checked.error.contains(&place), "{place} for {config}{}", checked.error);
        assert!(checked.error.contains(remedy), "{remedy} for {config}{}", checked.error);
        assert_eq!(checked.out, "");
    }
}

#[actix_web::test]
async fn broken_variables_are_told_by_their_names() {
    let table = [
        (("TICKETD_SERVER__WORKERS", "many"), "TICKETD_SERVER__WORKERS: server.workers: "),
        (("TICKETD_SERVER__PORT", "1"), "TICKETD_SERVER__PORT: server.port: unknown key"),
        (("TICKETD_SERVER_LISTEN", "127.0.0.1:1"), "two underscores, as in TICKETD_SERVER__LISTEN"),
        (("TICKETD_LISTEN", "127.0.0.1:1"), "TICKETD_LISTEN: listen: no key is set so"),
        (
            ("TICKETD_NODES__ENV__OLLAMA_HOST", "x"),
            "TICKETD_NODES__ENV__OLLAMA_HOST: nodes.env.OLLAMA_HOST: ",
        ),
        (
            ("TICKETD_NODES__PORTS", "3,3"),
            "TICKETD_NODES__PORTS: nodes.ports[1]: 3 is listed twice",
        ),
        (
            ("DEEPSEEK_ENDPOINTS", "https://a:1"),
            "DEEPSEEK_ENDPOINTS: nodes.endpoints: `https://` is not",
        ),
        (("DEEPSEEK_ENDPOINTS", " , "), "DEEPSEEK_ENDPOINTS: nodes.ports: there is no node"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (variable, message) in table {
        let checked = check(folder.path(), "[nodes]\nports = [1, 2, 4]\n", &[variable]).await;
        assert_eq!(checked.code, Some(78), "{variable:?} {}", checked.error);
        assert!(checked.error.contains(message), "{message} in {}", checked.error);
    }
}

#[actix_web::test]
async fn later_layers_win_and_check_tells_the_origin_of_each_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let fragments = folder.path().join("config.d");
    std::fs::create_dir(&fragments).expect("a writable folder");
    let write =
        |name: &str, text: &str| std::fs::write(fragments.join(name), text).expect("written");
    write("20-b.toml", "[balancer]\nattempts = 5\n");
    write("10-a.toml", "[balancer]\nattempts = 4\nqueue_limit = 9\n");
    write("ignored.txt", "nonsense");
    let config = "[balancer]\nattempts = 2\nqueue_limit = 2\ntoken_timeout = \"2s\"\n\
                  [nodes]\nports = [1, 2]\n[nodes.env]\nCUDA_VISIBLE_DEVICES = \"0\"\n";
    let environment = [
        ("TICKETD_BALANCER__TOKEN_TIMEOUT", "7s"),
        ("TICKETD_NODES__PORTS", "3,4"),
        ("TICKETD_MODEL__NAME", "x"),
        ("OLLAMA_MODEL", "123"),
        ("TICKETD_NODES__ENV__HSA_X", "1"),
    ];
    let checked = check(folder.path(), config, &environment).await;
    assert_eq!(checked.code, Some(0), "{}", checked.error);
    let rows: Vec<String> = checked
        .out
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let at = |name: &str, line: u32| format!("{}:{line}", folder.path().join(name).display());
    let expected = [
        format!("balancer.attempts = 5 # {}", at("config.d/20-b.toml", 2)),
        format!("balancer.queue_limit = 9 # {}", at("config.d/10-a.toml", 3)),
        "balancer.token_timeout = \"7s\" # TICKETD_BALANCER__TOKEN_TIMEOUT".to_owned(),
        "nodes.ports = [3, 4] # TICKETD_NODES__PORTS".to_owned(),
        "model.name = \"123\" # OLLAMA_MODEL".to_owned(),
        format!("nodes.env.CUDA_VISIBLE_DEVICES = \"0\" # {}", at("config.toml", 8)),
        "nodes.env.HSA_X = \"1\" # TICKETD_NODES__ENV__HSA_X".to_owned(),
        "server.request_timeout = \"3m\" # built-in default".to_owned(),
    ];
    for row in expected {
        assert!(rows.contains(&row), "{row} in {rows:#?}");
    }
}

#[actix_web::test]
async fn a_named_file_must_exist_and_a_second_address_is_refused_clearly() {
    let missing = command(&[]).args(["check", "--config", "/no/such.toml"]).output().await;
    let missing = missing.expect("it runs");
    assert_eq!(missing.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/no/such.toml: cannot be read"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let environment = [("DEEPSEEK_ENDPOINTS", "http://127.0.0.1:1")];
    let empty = tempfile::NamedTempFile::new().expect("a file");
    let mut command = command(&environment);
    let command = command.args(["serve", "--listen", &address, "--config"]).arg(empty.path());
    let output = command.output().await;
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains(&format!("cannot listen on {address}; choose another")), "{error}");
}

/// The keys of a table, dotted.
fn keys(prefix: &str, table: &toml::Table, found: &mut Vec<String>) {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        match value.as_table() {
            Some(inner) => keys(&format!("{key}."), inner, found),
            None => found.push(key),
        }
    }
}

#[test]
fn the_shipped_file_names_every_key_and_differs_from_the_defaults_in_the_ports_only() {
    use ticketd::config::{Config, NodeOverride, Nodes};
    let text = include_str!("../../config.toml");
    let shipped: Config = toml::from_str(text).expect("the shipped file is right");
    let ports = vec![11434, 11435, 11436];
    let nodes = Nodes { ports, ..Nodes::default() };
    assert_eq!(shipped, Config { nodes, ..Config::default() });
    // A configuration in which every optional key is set too.
    let mut full = Config::default();
    full.server.shutdown_grace = Some(std::time::Duration::from_secs(1));
    full.server.control_socket = Some("x".into());
    full.server.tokens_file = Some("x".into());
    full.server.admin_tokens_file = Some("x".into());
    full.ticket.prompt_file = Some("x".into());
    full.place.location_file = Some("x".into());
    full.place.villages_file = Some("x".into());
    full.model.options.num_predict = Some(1);
    full.model.options.seed = Some(1);
    full.model.options.top_k = Some(1);
    full.model.options.num_gpu = Some(1);
    full.nodes.memory_max = Some(ticketd::config::Size(1 << 30));
    full.nodes.node = vec![NodeOverride { port: 1, slots: Some(1), env: [].into() }];
    let mut all = Vec::new();
    keys("", &toml::Table::try_from(&full).expect("a table"), &mut all);
    assert!(all.len() > 40, "{all:?}");
    for key in all {
        let (section, name) = key.rsplit_once('.').expect("every key has a section");
        assert!(text.contains(&format!("[{section}]")), "section [{section}]");
        let written = text.lines().map(|line| line.trim_start_matches("# "));
        let named = written.clone().any(|line| line.starts_with(&format!("{name} = ")));
        assert!(named || name == "node" && text.contains("[[nodes.node]]"), "{key} is not named");
    }
}
